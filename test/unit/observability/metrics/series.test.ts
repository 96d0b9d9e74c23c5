import fc from 'fast-check';
import { Counter, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { FrequentCounter, FrequentHistogram } from '../../../../src/observability/metrics/series.ts';

const label = fc.constantFrom('ok', 'left', 'a"b', 'a\\b', '');
const COUNTER = { name: 'calls_total', help: 'Calls.', labelNames: ['operation', 'outcome'] as const };
const HISTOGRAM = { ...COUNTER, name: 'calls_seconds', buckets: [0.1, 1, 10] };

/** The text and the values that a registry reports. The gateway has no exemplars. */
async function reportOf(registry: Registry) {
  const values = JSON.stringify(await registry.getMetricsAsJSON(), (key, value: unknown) =>
    key === 'exemplar' ? undefined : value,
  );
  return { text: await registry.metrics(), values: JSON.parse(values) as unknown };
}

test('series that are counted often are reported as those of prom-client', async () => {
  const value = fc.oneof(fc.constantFrom(0, 0.1, 1, 10, 10.5), fc.double({ min: 0, max: 100, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(label, label, value), { maxLength: 20 }), async (events) => {
      const [expected, seen] = [new Registry(), new Registry()];
      const counter = new Counter({ ...COUNTER, registers: [expected] });
      const histogram = new Histogram({ ...HISTOGRAM, registers: [expected] });
      const frequentCounter = new FrequentCounter({ ...COUNTER, registers: [seen] });
      const frequentHistogram = new FrequentHistogram({ ...HISTOGRAM, registers: [seen] });
      counter.inc({ operation: 'first', outcome: 'ok' }, 0);
      histogram.zero({ operation: 'first', outcome: 'ok' });
      frequentCounter.count(['first', 'ok'], 0);
      frequentHistogram.begin(['first', 'ok']);
      for (const [operation, outcome, seconds] of events) {
        counter.inc({ operation, outcome });
        histogram.observe({ operation, outcome }, seconds);
        frequentCounter.count([operation, outcome]);
        frequentHistogram.add([operation, outcome], seconds);
      }
      expect(await reportOf(seen)).toEqual(await reportOf(expected));
      // A report changes nothing.
      expect(await reportOf(seen)).toEqual(await reportOf(expected));
    }),
    { numRuns: 200 },
  );
});
