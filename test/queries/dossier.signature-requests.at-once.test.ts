import { expect, onTestFinished, test, vi } from 'vitest';
import { sendJson } from '../support/http-stub.ts';
import { startFailingGateway } from '../support/service-proxy.ts';

const idOf = (nth: number): string => `01KJYMD75KB7D9F1H3K5N7Q9S${nth}`;
const IN_FULL = `query ($id: ID!) { dossier(id: $id) { signatureRequests(first: 25) { nodes { documents { id } } } } }`;
const AS_LISTED = `query ($id: ID!) { dossier(id: $id) { signatureRequests(first: 25) { nodes { status } } } }`;

test('a list of requests in full waits for five others, and a list of list fields for none', async () => {
  const world = await startFailingGateway();
  // The wait for slow operations must not end.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const answers = new Map<string, () => void>();
  world.fail('getDossier', ({ path }, res) => {
    const id = path.split('/').at(-1) ?? '';
    answers.set(id, () => sendJson(res, 404, { title: 'Not Found', status: 404, detail: 'unknown' }));
  });
  const read = (query: string, nth: number) => world.run(query, { id: idOf(nth) });

  const first = [0, 1, 2, 3, 4].map((nth) => read(IN_FULL, nth));
  await expect.poll(() => answers.size).toBe(5);
  const sixth = read(IN_FULL, 5);
  const listed = read(AS_LISTED, 6);
  await expect.poll(() => answers.has(idOf(6))).toBe(true);
  answers.get(idOf(6))?.();
  await listed;
  expect(answers.has(idOf(5))).toBe(false);

  answers.get(idOf(2))?.();
  await first[2];
  await expect.poll(() => answers.has(idOf(5))).toBe(true);
  for (const nth of [0, 1, 3, 4, 5]) answers.get(idOf(nth))?.();
  for (const { data } of await Promise.all([...first, sixth, listed])) expect(data['dossier']).toBeNull();
});
