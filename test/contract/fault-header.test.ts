import { describe, expect, test } from 'vitest';
import type { GatewayOverrides } from '../support/gateway-options.ts';
import { draftOf } from '../support/draft.ts';
import { startHttpStub } from '../support/http-stub.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { startGateway } from '../support/start-gateway.ts';

type World = Awaited<ReturnType<typeof startWorld>>;

/** A gateway with a request in WAIT_FOR_SIGNATURE, and the result of one HTTP request with its own headers. */
async function startWorld(overrides: GatewayOverrides = {}) {
  const gateway = await startGateway(overrides);
  const { requests } = await gateway.sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const [request] = requests;
  if (request === undefined) throw new TypeError('a request was seeded');
  const ask = async (query: string, headers: Record<string, string> = {}, input?: object) => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables: { input } }),
    });
    // A GraphQL response has data, errors, or both.
    return (await response.json()) as {
      data?: Record<string, unknown>;
      errors?: { extensions: Record<string, unknown> }[];
    };
  };
  return { ...gateway, request, ask };
}

const callsOf = ({ sandbox }: World) =>
  sandbox.journal.entries().map(({ operationId, faults }) => [operationId, ...faults]);

describe('a caller requests, for one of its operations,', () => {
  test.each<[string, object | undefined, calls: number]>([
    ['503', { code: 'UPSTREAM_UNAVAILABLE' }, 3],
    ['503:gateway', { code: 'UPSTREAM_UNAVAILABLE' }, 3],
    ['401:problem', { code: 'UPSTREAM_REFUSED' }, 1],
    ['429:60', { code: 'RATE_LIMITED', retryAfterSeconds: 60 }, 1],
    ['reset', { code: 'UPSTREAM_TIMEOUT' }, 3],
    ['reset-after', { code: 'UPSTREAM_TIMEOUT' }, 3],
    ['reset-middle', { code: 'UPSTREAM_TIMEOUT' }, 3],
    ['latency:60000', { code: 'UPSTREAM_TIMEOUT' }, 1],
    ['latency:10:10', undefined, 1],
    ['slow:60000', { code: 'UPSTREAM_TIMEOUT' }, 1],
    ['slow:20', undefined, 1],
    ['malformed', { code: 'UPSTREAM_CONTRACT' }, 1],
    ['truncated', { code: 'UPSTREAM_CONTRACT' }, 1],
    ['html', { code: 'UPSTREAM_CONTRACT' }, 1],
    ['html:502', { code: 'UPSTREAM_UNAVAILABLE' }, 3],
  ])('getSignatureRequest=%s', async (shorthand, extensions, calls) => {
    // Only a call without an answer waits for its deadline.
    const world = await startWorld(shorthand.endsWith(':60000') ? { upstreamTimeoutMs: 1_000 } : {});
    const query = `{ signatureRequest(id: "${world.request.id}") { status } }`;
    const good = { data: { signatureRequest: { status: 'WAIT_FOR_SIGNATURE' } } };
    const fault = `getSignatureRequest=${shorthand}`;
    const answer = await world.ask(query, { 'x-sandbox-fault': fault });
    if (extensions === undefined) expect(answer).toEqual(good);
    else expect(answer.errors).toMatchObject([{ extensions }]);
    await expect
      .poll(() => callsOf(world))
      .toEqual(Array.from({ length: calls }, () => ['getSignatureRequest', fault]));

    // The next operation has no fault header.
    expect(await world.ask(query)).toEqual(good);
    expect(callsOf(world).at(-1)).toEqual(['getSignatureRequest']);
  });
});

test('a fault applies to the named call, and to no other call of the operation', async () => {
  const world = await startWorld();
  const input = { signatureRequestId: world.request.id };
  const fault = 'sendNotification=500';
  const answer = await world.ask(mutationOf('notifySigner'), { 'x-sandbox-fault': fault }, input);
  expect(answer.errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
  // The last call reads whether the message was sent.
  expect(callsOf(world)).toEqual([
    ['getSignatureRequest'],
    ['sendNotification', fault],
    ['getSignatureRequest'],
  ]);
  expect(await world.ask(mutationOf('notifySigner'), {}, input)).toEqual({
    data: { notifySigner: { __typename: 'NotifySignerPayload' } },
  });
});

test('concurrent callers get their own faults only', async () => {
  const world = await startWorld();
  const query = `{ signatureRequest(id: "${world.request.id}") { status } }`;
  const orders = ['401', undefined, '429:60', undefined, 'malformed'];
  const answers = await Promise.all(
    orders.map((shorthand) =>
      world.ask(query, shorthand ? { 'x-sandbox-fault': `getSignatureRequest=${shorthand}` } : {}),
    ),
  );
  expect(answers.map(({ errors }) => errors?.[0]?.extensions['code'])).toEqual([
    'UPSTREAM_REFUSED',
    undefined,
    'RATE_LIMITED',
    undefined,
    'UPSTREAM_CONTRACT',
  ]);
});

test('an invalid header fails the operation', async () => {
  const world = await startWorld();
  const query = `{ signatureRequest(id: "${world.request.id}") { status } }`;
  expect(await world.ask(query, { 'x-sandbox-fault': 'getSignatureReqest=503' })).toMatchObject({
    errors: [{ extensions: { code: 'UPSTREAM_CONTRACT' } }],
  });
});

const UPLOAD = `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename
  ... on UploadDocumentPayload { document { status } } ... on Error { code } } }`;

/** Sends a file with the given headers. */
async function uploadWith(url: string, target: object, file: Buffer<ArrayBuffer>, headers: object) {
  const form = new FormData();
  const variables = { input: { ...target, file: null } };
  form.set('operations', JSON.stringify({ query: UPLOAD, variables }));
  form.set('map', JSON.stringify({ 0: ['variables.input.file'] }));
  form.set('0', new Blob([file], { type: 'application/pdf' }), 'a.pdf');
  const response = await fetch(url, { method: 'POST', body: form, headers: { ...headers } });
  return response.json();
}

test.each([
  ['putBlob', 0],
  ['putBlock', 5 * 1024 * 1024],
  ['putBlockList', 5 * 1024 * 1024],
])('a caller requests a fault of the storage: %s', async (operation, padToBytes) => {
  const world = await startWorld();
  const [target] = await draftOf(world);
  const file = await makePdf(padToBytes > 0 ? { padToBytes } : {});
  const fault = { 'x-sandbox-fault': `${operation}=403` };
  expect(await uploadWith(world.url, target, file, fault)).toMatchObject({
    errors: [{ extensions: { code: 'UPSTREAM_REFUSED' } }],
  });
  expect(world.sandbox.storedBlobs()).not.toContainEqual(
    expect.objectContaining({ container: 'uploaded-documents' }),
  );
  expect(await uploadWith(world.url, target, file, {})).toEqual({
    data: { uploadDocument: { __typename: 'UploadDocumentPayload', document: { status: 'READY' } } },
  });
});

const AT = '2026-03-05T09:14:07.412Z';
const TIMES = { created_at: AT, updated_at: AT };
const CITIZEN = { fiscalCode: 'SPNDNL80R13C555X' };
const DOSSIER = { title: 'Contratti', documents: [{ title: 'Contratto' }] };

test('the storage of a sandbox gets sandbox headers only, a real storage gets none', async () => {
  const mine = {
    'x-sandbox-fault': 'getDossier=503',
    prefer: 'code=200',
    'x-other': '1',
    cookie: 'a=b',
    'x-ms-blob-type': 'PageBlob',
  };
  for (const isSandbox of [true, false]) {
    const storage = await startHttpStub((_, res) => void res.writeHead(403).end());
    const upstream = await startHttpStub((call, res) => {
      const document = { id: 'd', status: 'WAIT_FOR_UPLOAD', metadata: { title: 'Contratto' }, ...TIMES };
      const request = { id: 'r', dossier_id: 'd', signer_id: 's', status: 'DRAFT', documents: [document] };
      const isUrl = call.path.endsWith('/upload_url');
      const body = isUrl ? `${storage.origin}/blob?sig=x` : { ...request, ...TIMES, expires_at: AT };
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    const { url } = await startGateway({
      apiUrl: new URL(upstream.origin),
      isSandbox,
      storageHosts: [storage.origin],
    });
    await uploadWith(url, { signatureRequestId: 'r', documentId: 'd' }, await makePdf(), mine);
    expect(storage.calls).toHaveLength(1);
    const [headers = {}] = storage.calls.map((call) => call.headers);
    const fault = isSandbox ? mine['x-sandbox-fault'] : undefined;
    expect(headers['x-sandbox-fault']).toBe(fault);
    expect(headers['x-ms-blob-type']).toBe('BlockBlob');
    for (const name of ['prefer', 'x-other', 'cookie', 'ocp-apim-subscription-key']) {
      expect(headers).not.toHaveProperty(name);
    }
  }
});

/** Mutations that succeed, and the errors for the other answers of the contract. */
const PREFERRED: readonly [string, string, (world: World) => object, object][] = [
  ['findSigner', 'code=403', () => CITIZEN, { reason: 'NOT_A_TESTER' }],
  ['findSigner', 'code=404', () => CITIZEN, { reason: 'NO_IO_PROFILE' }],
  ['createDossier', 'code=422', () => DOSSIER, { __typename: 'InvalidInputError' }],
  [
    'cancelSignatureRequest',
    'code=404',
    ({ request }) => ({ signatureRequestId: request.id }),
    { __typename: 'NotFoundError' },
  ],
];

test.each(PREFERRED)('%s with Prefer: %s is answered from the contract, once', async (...row) => {
  const [mutation, prefer, inputOf, expected] = row;
  const world = await startWorld();
  const query = mutationOf(mutation);
  const { data } = await world.ask(query, { prefer }, inputOf(world));
  expect(data?.[mutation]).toMatchObject(expected);
  // Nothing was performed: the sandbox itself answers the next operation, which succeeds.
  const next = await world.ask(query, {}, inputOf(world));
  expect(next.data?.[mutation]).toEqual({ __typename: expect.stringMatching(/Payload$/) });
});
