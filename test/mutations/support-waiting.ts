import { request } from 'node:http';
import { expect, onTestFinished } from 'vitest';
import { sendJson } from '../support/http-stub.ts';
import type { StubHandler } from '../support/http-stub.ts';
import { mutationOf } from '../support/operations.ts';
import { expectNoSecrets, startFailingGateway } from '../support/service-proxy.ts';

export type World = Awaited<ReturnType<typeof startFailingGateway>>;

export const AT = '2026-03-05T09:14:07.412Z';
export const LATER = '2126-03-05T09:14:07.412Z';
export const documentIn = (status: string, change: object = {}) => ({
  id: `doc-${status}`,
  status,
  metadata: { title: `Documento ${status}`, signature_fields: [] },
  created_at: AT,
  updated_at: AT,
  ...change,
});
export const READY = documentIn('READY');
export const WAITING = documentIn('WAIT_FOR_UPLOAD');
export const REJECTED = documentIn('REJECTED', { reject_reason: 'one reason\nanother' });

/** A signature request in the format of the service. */
export const requestIn = (status: string, documents: readonly object[] = [READY], change: object = {}) => ({
  id: 'r1',
  dossier_id: 'd1',
  signer_id: 's1',
  status,
  created_at: AT,
  updated_at: AT,
  expires_at: LATER,
  documents,
  ...change,
});
export const SENT = requestIn('WAIT_FOR_SIGNATURE', [READY], { qr_code_url: 'https://qr' });

/** Answers reads with these requests in turn, and with the last one from then on. */
export function shows(...requests: readonly (object | StubHandler)[]): StubHandler {
  let nth = 0;
  return (call, res, req, count) => {
    const now = requests[Math.min(nth, requests.length - 1)];
    nth += 1;
    return typeof now === 'function' ? (now as StubHandler)(call, res, req, count) : sendJson(res, 200, now);
  };
}

export const noContent: StubHandler = (_, res) => void res.writeHead(204).end();

/** Runs a mutation on the request `r1`. @returns its result, or the whole answer if it has none, and the seconds it took */
export async function outcome(world: World, mutation: string, input: object) {
  const startedAt = performance.now();
  const answer = await world.run(mutationOf(mutation), { input: { signatureRequestId: 'r1', ...input } });
  expectNoSecrets(JSON.stringify(answer));
  return { result: answer.data?.[mutation] ?? answer, seconds: (performance.now() - startedAt) / 1000 };
}

/** Seconds between consecutive reads of the request. */
function pauses({ calls }: World): number[] {
  const reads = calls.filter(({ operation }) => operation === 'getSignatureRequest');
  return reads.slice(1).map(({ at }, index) => (at - (reads[index]?.at ?? 0)) / 1000);
}

/** Runs a mutation on the request `r1`, on a connection that the test can destroy. */
export function startRequest({ url }: World, mutation: string) {
  const sending = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } });
  sending.on('error', () => {});
  sending.end(
    JSON.stringify({
      query: mutationOf(mutation),
      variables: { input: { signatureRequestId: 'r1', waitSeconds: 55 } },
    }),
  );
  onTestFinished(() => void sending.destroy());
  return sending;
}

/** Disconnects the client during a wait, and expects no further upstream call. @param state the request, in which the mutation waits */
export async function expectNoCallsAfterDisconnect(mutation: string, state: object): Promise<void> {
  const world = await startFailingGateway();
  world.fail('getSignatureRequest', shows(state));
  const client = startRequest(world, mutation);
  await expect.poll(() => world.calls.length).toBe(2);
  client.destroy();
  const disconnectedAt = performance.now();
  const since = (): number => performance.now() - disconnectedAt;
  const nextPauseMs = (pauses(world)[0] ?? 0) * 1_600;
  await expect.poll(() => world.logs.lines(), { interval: 10 }).toHaveLength(1);
  expect(since()).toBeLessThan(nextPauseMs * 0.8); // the pause was aborted
  await expect.poll(since).toBeGreaterThan(nextPauseMs * 2);
  expect(world.calls).toHaveLength(2);
  expect(world.logs.lines()).toMatchObject([{ level: 20, msg: 'the client left' }]);
}
