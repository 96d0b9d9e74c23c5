import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AgedMap } from '../../../src/idempotency/memory-store.ts';

const NAMES = ['a', 'b', 'c', 'd'];
const steps = fc.array(
  fc.record({
    action: fc.constantFrom('set', 'replace', 'delete', 'delete the oldest'),
    name: fc.constantFrom(...NAMES),
    value: fc.nat(),
  }),
);

test('an aged map agrees with a Map in which a set entry moves to the end', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const aged = new AgedMap<number>();
      const model = new Map<string, number>();
      for (const { action, name, value } of all) {
        if (action === 'set') {
          aged.set(name, value);
          model.delete(name);
          model.set(name, value);
        } else if (action === 'replace') {
          aged.replace(name, value);
          if (model.has(name)) model.set(name, value);
        } else {
          const victim = action === 'delete' ? name : (aged.oldest()?.name ?? name);
          expect(aged.delete(victim)).toBe(model.delete(victim));
        }
        const [oldest] = model;
        expect(aged.oldest()).toEqual(
          oldest && expect.objectContaining({ name: oldest[0], value: oldest[1] }),
        );
        expect(aged.size).toBe(model.size);
        expect(NAMES.map((each) => aged.get(each))).toEqual(NAMES.map((each) => model.get(each)));
      }
    }),
  );
});
