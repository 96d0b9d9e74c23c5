import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { startGateway } from '../support/start-gateway.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function usedBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

test('operations of almost a megabyte are not cached, valid or not', async () => {
  const { run } = await startGateway();
  await run('{ __typename }');
  const before = usedBytes();
  for (let n = 0; n < 30; n += 1)
    for (const operation of ['{ __typename }', '{']) await run(`${operation} # ${n} ${'x'.repeat(900_000)}`);
  // Together they have 54 million characters.
  expect(usedBytes() - before).toBeLessThan(27_000_000);
}, 120_000);
