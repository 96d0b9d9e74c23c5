import { expect, test } from 'vitest';
import { INPUTS } from './support-budget.ts';
import { download } from './support-downloads.ts';
import { fuzz } from './support-fuzz.ts';
import { ask } from './support-ask.ts';
import { startWorld, WORLDS } from './support-world.ts';

test.each(WORLDS)('requests for documents: %s', async (name) => {
  const world = await startWorld(name);
  const inputs = INPUTS.downloads[name];
  const client = ask(world);
  let sent = 0;
  await fuzz(`downloads, ${name}`, inputs, async (draw, show) => {
    const input = download(draw, world);
    show(input.bytes);
    const { status } = await client.send(input);
    if (status === 200 || status === 206) sent += 1;
  });
  client.close();
  await world.checkHealth();
  await world.close();
  // Otherwise too few inputs would pass authentication.
  expect(sent).toBeGreaterThan(inputs / 5);
});
