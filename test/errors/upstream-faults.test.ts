import { expect, test } from 'vitest';
import { startHttpStub } from '../support/http-stub.ts';
import type { StubHandler } from '../support/http-stub.ts';
import { makePdf } from '../support/pdf.ts';
import { refuses, startFailingGateway, UPSTREAM_WORDS } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';
import { answers, uploaded, UNKNOWN } from './support-errors.ts';
import { FAULT_WORDS } from './support-upstream-failures.ts';

test('the log has the path of a contract violation, not the value', async () => {
  const world = await startFailingGateway();
  const wrong = {
    id: 7,
    title: UPSTREAM_WORDS,
    documents_metadata: [{ title: 1 }],
    created_at: UPSTREAM_WORDS,
  };
  world.fail('getDossier', answers(wrong));
  await world.run('{ dossier(id: "d1") { id } }');
  world.fail('getDossier', (_, res) => {
    res.writeHead(200, { 'content-type': 'application/json' }).end(`{"id": ${UPSTREAM_WORDS}`);
  });
  await world.run('{ dossier(id: "d1") { id } }');
  expect(world.logs.lines()).toMatchObject([
    {
      cause: 'getDossier: contract (HTTP 200)',
      because: [
        [
          'AnswerShapeError id is not a string',
          'documents_metadata.0.title is not a string',
          'created_at is not a timestamp',
          'updated_at is not a timestamp',
        ].join(', '),
      ],
    },
    { cause: 'getDossier: contract (HTTP 200)', because: ['SyntaxError'] },
  ]);
});

test('an aborted call is logged as UPSTREAM_TIMEOUT, at level debug', async () => {
  const world = await startFailingGateway();
  world.fail('getDossier', () => {});
  const caller = new AbortController();
  const answer = fetch(world.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ dossier(id: "d1") { id } }' }),
    signal: caller.signal,
  });
  await expect.poll(() => world.count('getDossier')).toBe(1);
  caller.abort();
  await expect(answer).rejects.toThrow(/abort/);
  await expect.poll(() => world.stub.sockets.size).toBe(0);
  await expect
    .poll(() => world.logs.lines())
    .toMatchObject([
      { level: 20, code: 'UPSTREAM_TIMEOUT', cause: 'getDossier: aborted', msg: 'the client left' },
    ]);
  expect(world.count('getDossier')).toBe(1);
});

test('the sandbox refuses an unknown key', async () => {
  const world = await startGateway({ apiKey: 'unknown' }, { apiKeys: ['known'] });
  expect(await world.run('{ dossier(id: "d1") { id } }')).toMatchObject({
    data: { dossier: null },
    errors: [{ extensions: { code: 'UPSTREAM_REFUSED' } }],
  });
});

test('the sandbox limits the rate, and the error has retryAfterSeconds', async () => {
  // The limit of the sandbox is lower than the limit in the configuration of the gateway.
  const rateLimit = { calls: 100, windowMs: 100 };
  const world = await startGateway({ rateLimit }, { rateLimit: { calls: 2, windowMs: 60_000 } });
  const ask = () => world.run('{ dossier(id: "d1") { id } }');
  expect([await ask(), await ask()]).toEqual([{ data: { dossier: null } }, { data: { dossier: null } }]);
  expect(await ask()).toMatchObject({
    errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: expect.closeTo(60, -1) } }],
  });
});

const storageRefuses =
  (status: number): StubHandler =>
  (_, res) =>
    void res
      .writeHead(status, { 'content-type': 'application/xml' })
      .end(`<Error><Code>AuthenticationFailed</Code><Message>${UPSTREAM_WORDS}</Message></Error>`);

/** The storage has no rows of its own in the error table: the rows for all operations apply. */
test.each<[string, StubHandler, string, string, string?]>([
  ['refuses the URL', storageRefuses(403), 'UPSTREAM_REFUSED', 'putBlob: forbidden (HTTP 403)'],
  ['fails', storageRefuses(500), 'UPSTREAM_UNAVAILABLE', 'putBlob: server-error (HTTP 500)'],
  [
    'resets the connection',
    (_, __, req) => void req.socket.resetAndDestroy(),
    'UPSTREAM_TIMEOUT',
    'putBlob: connection-lost',
  ],
  // These are refused by the decoder of the answer of the service.
  [
    'has a host that is not allowed',
    () => {},
    'UPSTREAM_CONTRACT',
    'getDocumentUploadUrl: contract (HTTP 200)',
    'http://127.0.0.1:1/x?sig=secret',
  ],
  [
    'has no valid URL',
    () => {},
    'UPSTREAM_CONTRACT',
    'getDocumentUploadUrl: contract (HTTP 200)',
    'no URL, but sig=secret',
  ],
])('a storage that %s', async (_, does, code, cause, address) => {
  const storage = await startHttpStub(does);
  const world = await startFailingGateway({ storageHosts: [storage.origin] });
  world.fail('getDocumentUploadUrl', answers(address ?? `${storage.origin}/uploads/x?sig=secret`));
  expect(await uploaded(world, await makePdf())).toEqual({
    data: { uploadDocument: null },
    errors: [
      {
        message: FAULT_WORDS[code],
        path: ['uploadDocument'],
        locations: expect.any(Array),
        extensions: { code },
      },
    ],
  });
  expect(world.logs.lines()).toMatchObject([{ level: 40, code, cause, msg: 'upstream fault' }]);
});

test('a fault of one field does not affect the others', async () => {
  const world = await startFailingGateway();
  world.fail('getDossier', refuses(401));
  const answer = await world.run(
    `{ dossier(id: "d1") { id } signatureRequest(id: "${UNKNOWN}") { id } __typename }`,
  );
  expect(answer).toMatchObject({
    data: { dossier: null, signatureRequest: null, __typename: 'Query' },
    errors: [{ path: ['dossier'], extensions: { code: 'UPSTREAM_REFUSED' } }],
  });
});
