import { expect, test } from 'vitest';
import { INPUTS } from './support-budget.ts';
import { exchange } from './support-exchange.ts';
import { fuzz } from './support-fuzz.ts';
import { brokenHttp, SMUGGLED } from './support-http.ts';
import { VerdictError } from './support-verdict.ts';
import { startWorld, WORLDS } from './support-world.ts';

test.each(WORLDS)('broken HTTP over raw sockets: %s', async (name) => {
  const world = await startWorld(name);
  const inputs = INPUTS.http[name];
  let refused = 0;
  await fuzz(`http, ${name}`, inputs, async (draw, show) => {
    const { pieces, isComplete, isSmuggling } = brokenHttp(draw, world);
    show(Buffer.concat(pieces));
    const answers = await exchange(world, pieces, { isComplete });
    if (isSmuggling && answers.some(({ body }) => body.includes(SMUGGLED)))
      throw new VerdictError('a hidden request was executed');
    if (answers.some(({ status }) => status >= 400)) refused += 1;
  });
  await world.checkHealth();
  await world.close();
  // Otherwise too few inputs would be invalid.
  expect(refused).toBeGreaterThan(inputs / 3);
});
