import { expect, test } from 'vitest';
import { INPUTS } from './support-budget.ts';
import { exchange } from './support-exchange.ts';
import { fuzz } from './support-fuzz.ts';
import { multipartRequest } from './support-multipart.ts';
import { startWorld, WORLDS } from './support-world.ts';

test.each(WORLDS)('malformed multipart requests: %s', async (name) => {
  const world = await startWorld(name);
  const inputs = INPUTS.multipart[name];
  let run = 0;
  await fuzz(`multipart, ${name}`, inputs, async (draw, show) => {
    const { bytes, isComplete } = multipartRequest(draw, world);
    show(bytes);
    const answers = await exchange(world, [bytes], { isComplete });
    if (answers.some(({ body }) => body.includes('"data":{'))) run += 1;
  });
  await world.checkHealth();
  await world.close();
  // Otherwise too few inputs would pass the parser.
  expect(run).toBeGreaterThan(inputs / 3);
});
