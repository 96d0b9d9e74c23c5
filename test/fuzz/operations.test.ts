import { expect, test } from 'vitest';
import { ask } from './support-ask.ts';
import { INPUTS } from './support-budget.ts';
import { fuzz } from './support-fuzz.ts';
import { request } from './support-requests.ts';
import { startWorld, WORLDS } from './support-world.ts';

test.each(WORLDS)('operations generated from the schema with hostile values: %s', async (name) => {
  const world = await startWorld(name);
  const inputs = INPUTS.operations[name];
  const client = ask(world);
  let run = 0;
  await fuzz(`operations, ${name}`, inputs, async (draw, show) => {
    const input = request(draw, world);
    show(input.bytes);
    const { body } = await client.send(input);
    if (body.includes('"data":{')) run += 1;
  });
  client.close();
  await world.checkHealth();
  await world.close();
  // Otherwise too few inputs would pass the parser.
  expect(run).toBeGreaterThan(inputs / 5);
});
