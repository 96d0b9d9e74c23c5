import { expect, test } from 'vitest';
import { draftOf } from '../support/draft.ts';
import { sendJson } from '../support/http-stub.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

const NOTIFY = `mutation ($input: NotifySignerInput!) { notifySigner(input: $input) { __typename } }`;

test('ten callers that wait for one request share its polls', async () => {
  const { sandbox, run, upload } = await startGateway({}, { frozenAt: new Date('2026-03-05T09:00:00Z') });
  const [target] = await draftOf({ run });
  const { signatureRequestId } = target;
  const file = new Uint8Array(await makePdf());
  await upload(mutationOf('uploadDocument'), { input: { ...target, file: null, waitSeconds: 0 } }, file);
  await sandbox.clock.advance(10_000);
  await run(mutationOf('markReady'), { input: { signatureRequestId, waitSeconds: 0 } });

  const reads = (): number => sandbox.journal.entries({ operationId: 'getSignatureRequest' }).length;
  const notify = (waitSeconds: number) => run(NOTIFY, { input: { signatureRequestId, waitSeconds } });
  const before = reads();
  await notify(2);
  const ofOne = reads() - before;
  const waiting = Array.from({ length: 10 }, () => notify(2));
  await Promise.all(waiting);
  // Each reads the request once before it waits.
  expect(reads() - before - ofOne).toBeLessThanOrEqual(ofOne + 9 + 1);

  const started = reads();
  const all = Array.from({ length: 10 }, () => notify(15));
  await expect.poll(() => reads()).toBeGreaterThan(started + 2);
  await sandbox.clock.advance(15_000);
  const outcomes = (await Promise.all(all)).map(({ data }) => data['notifySigner']?.['__typename']);
  expect(outcomes.toSorted()).toEqual([
    ...Array.from({ length: 9 }, () => 'AlreadyNotifiedError'),
    'NotifySignerPayload',
  ]);
});

test('a caller with sandbox headers waits with its own reads, which send the headers', async () => {
  const world = await startFailingGateway();
  const said: (string | undefined)[] = [];
  world.fail('getSignatureRequest', (call, res) => {
    said.push(String(call.headers['x-sandbox-fault'] ?? ''));
    return sendJson(res, 200, {
      id: 'r1',
      dossier_id: 'd1',
      signer_id: 's1',
      status: 'READY',
      created_at: '2026-03-05T09:14:07.412Z',
      updated_at: '2026-03-05T09:14:07.412Z',
      expires_at: '2126-03-05T09:14:07.412Z',
      documents: [],
    });
  });
  const body = JSON.stringify({
    query: NOTIFY,
    variables: { input: { signatureRequestId: 'r1', waitSeconds: 1 } },
  });
  const headers = { 'content-type': 'application/json' };
  const asking = (more: Record<string, string>) =>
    fetch(world.url, { method: 'POST', headers: { ...headers, ...more }, body });
  await Promise.all([asking({}), asking({ 'x-sandbox-fault': 'sendNotification=503' })]);
  const own = said.filter((fault) => fault === 'sendNotification=503');
  expect(own.length).toBeGreaterThanOrEqual(3);
  expect(said.filter((fault) => fault === '')).toHaveLength(own.length);
});

test('a wait ends with the current state when the gateway shuts down', async () => {
  const world = await startGateway(
    { stopTimes: { graceMs: 2_000 } },
    { frozenAt: new Date('2026-03-05T09:00:00Z') },
  );
  const [target] = await draftOf(world);
  const file = new Uint8Array(await makePdf());
  await world.upload(
    mutationOf('uploadDocument'),
    { input: { ...target, file: null, waitSeconds: 0 } },
    file,
  );
  await world.sandbox.clock.advance(10_000);
  const query = `mutation ($input: MarkReadyInput!) { markReady(input: $input) {
    ... on MarkReadyPayload { signatureRequest { status } } } }`;
  const marking = world.run(query, {
    input: { signatureRequestId: target.signatureRequestId, waitSeconds: 55 },
  });
  await world.sandbox.journal.waitFor({ operationId: 'setSignatureRequestStatus' });
  const closed = world.close();
  expect((await marking).data).toEqual({ markReady: { signatureRequest: { status: 'READY' } } });
  await closed;
});
