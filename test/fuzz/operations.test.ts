import { expect, test } from 'vitest';
import { INPUTS } from './support-budget.ts';
import { fuzz } from './support-fuzz.ts';
import { request } from './support-requests.ts';
import { judge, VerdictError } from './support-verdict.ts';
import { Wire } from './support-wire.ts';
import { startWorld, WORLDS } from './support-world.ts';

test.each(WORLDS)('operations made of the schema and of hostile values: %s', async (name) => {
  const world = await startWorld(name);
  const inputs = INPUTS.operations[name];
  let wire = await Wire.open(world.gateway.url);
  let run = 0;
  await fuzz(`operations, ${name}`, inputs, async (draw, show) => {
    const { bytes, isHead } = request(draw, world);
    show(bytes);
    if (wire.isClosed) wire = await Wire.open(world.gateway.url);
    try {
      wire.write(bytes);
      const answer = await world.settled(wire.answer({ isHead, isEventEnough: true }));
      if (answer === undefined) throw new VerdictError('the connection was closed without an answer');
      judge(answer, world.secrets);
      if (answer.body.includes('"data":{')) run += 1;
      const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
      if (isStream || answer.headers.get('connection') === 'close') wire.close();
    } catch (failure) {
      wire.close(); // what comes next on it would be taken for the answer to another
      throw failure;
    }
  });
  wire.close();
  await world.checkHealth();
  await world.close();
  // Or they would never get further than to the parser.
  expect(run).toBeGreaterThan(inputs / 5);
});
