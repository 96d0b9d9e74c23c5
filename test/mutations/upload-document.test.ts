import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { GatewayOverrides } from '../support/gateway-options.ts';
import { draftOf, uploadsBody, uploadsOperation } from '../support/draft.ts';
import { multipartBody, pdfBytes, PoliteClient } from '../support/multipart.ts';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';
import { AT, documentIn, LATER, requestIn, shows } from './support-waiting.ts';

const MIB = 1024 * 1024;
const PING = multipartBody(
  [
    ['operations', '{"query":"{ __typename }"}'],
    ['map', '{}'],
  ],
  [],
);

const unhandled = vi.fn();
beforeAll(() => void process.on('unhandledRejection', unhandled));
afterAll(() => {
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

type Gateway = Awaited<ReturnType<typeof startGateway>>;

function connectTo({ url }: Gateway): PoliteClient {
  const client = new PoliteClient(Number(new URL(url).port));
  onTestFinished(() => client[Symbol.dispose]());
  return client;
}

/** Files committed to the storage so far, including those that the service has moved or deleted since. */
const commits = ({ sandbox }: Gateway): number =>
  sandbox.journal
    .entries({ ended: 'answered' })
    .filter(({ operationId }) => operationId === 'putBlob' || operationId === 'putBlockList').length;

const stored = (content: Buffer) => ({
  __typename: 'UploadDocumentPayload',
  sizeBytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
  document: { id: expect.any(String), status: 'READY', rejectReasons: [] },
});

/** Sends a body, and expects that it commits nothing and that the connection serves the next request. */
async function refused(gateway: Gateway, body: Buffer) {
  const client = connectTo(gateway);
  const [blobs, committed] = [gateway.sandbox.storedBlobs(), commits(gateway)];
  const answer = await client.post(body);
  expect(await client.post(PING)).toMatchObject({ status: 200, body: { data: { __typename: 'Query' } } });
  expect(commits(gateway)).toBe(committed);
  expect(gateway.sandbox.storedBlobs()).toEqual(blobs);
  await expect.poll(() => gateway.sandbox.storageActivity()).toEqual({ putsInFlight: 0, openConnections: 0 });
  return answer;
}

/** Uploads a file to a new draft, and expects a refusal. */
async function refusedFile(content: Buffer, options: GatewayOverrides = {}) {
  const gateway = await startGateway(options);
  const [target] = await draftOf(gateway);
  const { status, body } = await refused(gateway, uploadsBody([target], { a: content }));
  expect(status).toBe(200);
  return body.data['a'];
}

describe('refuses, commits nothing and keeps the connection', () => {
  test.each([1000, 9 * MIB])('a file of %i bytes that is not a PDF', async (size) => {
    expect(await refusedFile(Buffer.alloc(size, 'GIF89a'))).toMatchObject({
      __typename: 'NotAPdfError',
      code: 'NOT_A_PDF',
    });
  });

  test('a file that ends within the first bytes of a PDF', async () => {
    expect(await refusedFile(Buffer.from('%PDF'))).toMatchObject({ __typename: 'NotAPdfError' });
  });

  test('an empty file', async () => {
    expect(await refusedFile(Buffer.alloc(0))).toMatchObject({
      __typename: 'EmptyFileError',
      code: 'EMPTY_FILE',
    });
  });

  test.each([
    ['by a byte', 5 * MIB + 1, 5 * MIB],
    ['within the first block', 2 * MIB, 1 * MIB],
    ['after several blocks', 20 * MIB, 13 * MIB],
  ])('a file over the limit %s, and says the limit', async (_, size, maxUploadBytes) => {
    expect(await refusedFile(pdfBytes(size), { maxUploadBytes })).toEqual({
      __typename: 'FileTooLargeError',
      code: 'FILE_TOO_LARGE',
      message: expect.stringContaining(`${maxUploadBytes} bytes`),
      limitBytes: maxUploadBytes,
    });
  });

  test.each([1000, 6 * MIB])('a body that ends within a file of %i bytes', async (size) => {
    const gateway = await startGateway();
    const [target] = await draftOf(gateway);
    const whole = uploadsBody([target], { a: pdfBytes(size) });
    const { body } = await refused(gateway, whole.subarray(0, whole.length - 400));
    expect(body.data['a']).toMatchObject({
      __typename: 'UploadInterruptedError',
      code: 'UPLOAD_INTERRUPTED',
    });
  });

  test('a file whose client stalls', async () => {
    const gateway = await startGateway({ uploadStallMs: 100 });
    const [target] = await draftOf(gateway);
    const client = connectTo(gateway);
    await client.begin(uploadsBody([target], { a: pdfBytes(9 * MIB) }), 6 * MIB);
    const { body } = await client.answer();
    expect(body.data['a']).toMatchObject({ __typename: 'UploadInterruptedError' });
    expect(commits(gateway)).toBe(0);
  });

  test.each([1000, 9 * MIB])('a file of %i bytes for a request that is no longer DRAFT', async (size) => {
    const gateway = await startGateway();
    const [target] = await draftOf(gateway);
    const client = connectTo(gateway);
    await client.post(uploadsBody([target], { a: await makePdf() }));
    const { data } = await gateway.run(
      `mutation ($id: ID!) { markReady(input: { signatureRequestId: $id }) { __typename } }`,
      { id: target.signatureRequestId },
    );
    expect(data['markReady']).toEqual({ __typename: 'MarkReadyPayload' });
    await expect.poll(() => gateway.sandbox.storageActivity().openConnections).toBe(0);
    const { body } = await refused(gateway, uploadsBody([target], { a: pdfBytes(size) }));
    expect(body.data['a']).toMatchObject({
      __typename: 'WrongStatusError',
      status: 'WAIT_FOR_SIGNATURE',
      allowed: ['DRAFT'],
    });
  });

  test.each(['documentId', 'signatureRequestId'] as const)('a file for an unknown %s', async (name) => {
    const gateway = await startGateway();
    const [target] = await draftOf(gateway);
    const unknown = { ...target, [name]: '01KJYMD75M8Q4V6W9X0Y2Z7A1C' };
    const { body } = await refused(gateway, uploadsBody([unknown], { a: pdfBytes(9 * MIB) }));
    expect(body.data['a']).toMatchObject({
      __typename: 'NotFoundError',
      resource: name === 'documentId' ? 'DOCUMENT' : 'SIGNATURE_REQUEST',
    });
  });

  test.each([1000, 6 * MIB])('more files (of %i bytes) than variables', async (size) => {
    const gateway = await startGateway();
    const [target] = await draftOf(gateway);
    const files = { a: pdfBytes(size), b: pdfBytes(size) };
    const body = uploadsBody([target], files, { a: ['variables.a.file'] });
    const answer = await refused(gateway, body);
    expect(answer.body.data['a']).toMatchObject({
      __typename: 'InvalidInputError',
      fieldErrors: [{ path: ['file'], message: expect.stringContaining('does not assign to a variable') }],
    });
  });

  test('a file of the map that the body does not contain', async () => {
    const gateway = await startGateway();
    const [target] = await draftOf(gateway);
    const answer = await refused(gateway, uploadsBody([target], {}, { a: ['variables.a.file'] }));
    expect(answer.body.data['a']).toMatchObject({
      __typename: 'InvalidInputError',
      fieldErrors: [
        { path: ['file'], message: expect.stringContaining('does not contain a file of the map') },
      ],
    });
  });

  test('a file that the resolver does not read because other input is invalid', async () => {
    const gateway = await startGateway();
    const [target] = await draftOf(gateway);
    const input = { ...target, waitSeconds: 56 };
    const { body } = await refused(gateway, uploadsBody([input], { a: pdfBytes(15 * MIB) }));
    expect(body.data['a']).toMatchObject({
      __typename: 'InvalidInputError',
      fieldErrors: [{ path: ['waitSeconds'] }],
    });
  });

  test.each([
    ['a variable that the operation does not have', 'variables.other'],
    ['a path outside the variables', 'extensions.file'],
    ['the query itself', 'query'],
  ])('a file for %s', async (_, path) => {
    const gateway = await startGateway();
    const [target] = await draftOf(gateway);
    const operation = { ...uploadsOperation([target]), extensions: {} };
    const body = multipartBody(
      [
        ['operations', JSON.stringify(operation)],
        ['map', JSON.stringify({ 0: [path] })],
      ],
      [{ name: '0', content: pdfBytes(15 * MIB) }],
    );
    const answer = await refused(gateway, body);
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    });
  });
});

test('a file that is not a PDF is refused before any upstream call', async () => {
  const gateway = await startGateway();
  const [target] = await draftOf(gateway);
  const calls = gateway.sandbox.journal.entries({ ended: 'answered' }).length;
  const input = { ...target, file: null };
  const { data } = await gateway.upload(mutationOf('uploadDocument'), { input }, new Uint8Array(1000));
  expect(data['uploadDocument']).toMatchObject({ __typename: 'NotAPdfError', code: 'NOT_A_PDF' });
  expect(gateway.sandbox.journal.entries({ ended: 'answered' }).length).toBe(calls);
});

test('a file for a variable that the operation lacks is refused', async () => {
  const { url } = await startGateway();
  const form = new FormData();
  form.set('operations', '{"query":"{ __typename }","variables":{}}');
  form.set('map', '{"0":["variables.a"]}');
  form.set('0', new Blob(['%PDF-1.7'], { type: 'application/pdf' }), 'a.pdf');
  const answer = await fetch(url, { method: 'POST', body: form });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    errors: [
      {
        message: 'The map gives a file to $a, which is not a variable of the operation.',
        extensions: { code: 'BAD_REQUEST' },
      },
    ],
  });
});

test('answers immediately when no field reads the file, and keeps the connection', async () => {
  const gateway = await startGateway();
  const [target] = await draftOf(gateway);
  const body = multipartBody(
    [
      [
        'operations',
        JSON.stringify({
          query: `mutation ($input: UploadDocumentInput!, $no: Boolean!) {
            uploadDocument(input: $input) @include(if: $no) { __typename } }`,
          variables: { input: { ...target, file: null }, no: false },
        }),
      ],
      ['map', '{"0":["variables.input.file"]}'],
    ],
    [{ name: '0', content: pdfBytes(15 * MIB) }],
  );
  expect(await refused(gateway, body)).toMatchObject({ status: 200, body: { data: {} } });
});

describe('accepts several files in one request', () => {
  test('of any size, in the order of their fields', async () => {
    const gateway = await startGateway();
    const targets = await draftOf(gateway, 4);
    const files = {
      a: await makePdf({ padToBytes: 9 * MIB }),
      b: await makePdf(),
      c: await makePdf({ pages: 2, padToBytes: 4 * MIB }),
      d: await makePdf({ pages: 3, padToBytes: 5 * MIB }),
    };
    const { body } = await connectTo(gateway).post(uploadsBody(targets, files));
    expect(body).toEqual({
      data: { a: stored(files.a), b: stored(files.b), c: stored(files.c), d: stored(files.d) },
    });
    const hashes = gateway.sandbox.storedBlobs().map(({ sha256 }) => sha256);
    expect(hashes.toSorted()).toEqual(
      Object.values(body.data)
        .map((answer) => String(answer?.['sha256']))
        .toSorted(),
    );
  });

  test('in another order, if the early files fit into a block', async () => {
    const gateway = await startGateway();
    const targets = await draftOf(gateway, 3);
    const [a, b, c] = [
      await makePdf({ padToBytes: 9 * MIB }),
      await makePdf({ padToBytes: 3 * MIB }),
      await makePdf(),
    ];
    const { body } = await connectTo(gateway).post(uploadsBody(targets, { c, b, a }));
    expect(body).toEqual({ data: { a: stored(a), b: stored(b), c: stored(c) } });
  });

  test('one of which is refused', async () => {
    const gateway = await startGateway();
    const targets = await draftOf(gateway, 3);
    const [a, b, c] = [await makePdf(), Buffer.alloc(9 * MIB, 'GIF89a'), await makePdf({ pages: 2 })];
    const { body } = await connectTo(gateway).post(uploadsBody(targets, { a, b, c }));
    expect(body.data).toMatchObject({ a: stored(a), b: { __typename: 'NotAPdfError' }, c: stored(c) });
  });

  test('or fails immediately with FILE_ORDER if an early file is too large', async () => {
    // Stall detection cannot end this, because the client has sent everything.
    const gateway = await startGateway({ uploadStallMs: 600_000 });
    const targets = await draftOf(gateway, 2);
    const files = { b: pdfBytes(4 * MIB + 1), a: pdfBytes(1000) };
    const { body } = await refused(gateway, uploadsBody(targets, files));
    const error = {
      __typename: 'FileOrderError',
      code: 'FILE_ORDER',
      message: expect.stringContaining('Send the files in that order'),
    };
    expect(body.data).toEqual({ a: error, b: error });
  });

  test('and stores a file that two fields use once, for the first field', async () => {
    const gateway = await startGateway();
    const [target] = await draftOf(gateway);
    const field = (alias: string): string =>
      `${alias}: uploadDocument(input: { signatureRequestId: $s, documentId: $d, file: $f }) { __typename ... on Error { message } }`;
    const operations = {
      query: `mutation ($s: ID!, $d: ID!, $f: Upload!) { ${field('a')} ${field('b')} }`,
      variables: { s: target.signatureRequestId, d: target.documentId, f: null },
    };
    const body = multipartBody(
      [
        ['operations', JSON.stringify(operations)],
        ['map', '{"0":["variables.f"]}'],
      ],
      [{ name: '0', content: await makePdf() }],
    );
    expect((await connectTo(gateway).post(body)).body.data).toMatchObject({
      a: { __typename: 'UploadDocumentPayload' },
      b: { __typename: 'InvalidInputError', message: expect.stringContaining('Two fields') },
    });
    expect(commits(gateway)).toBe(1);
  });
});

test('an upload over a READY document has the outcome of the new file', async () => {
  const gateway = await startGateway();
  const [target] = await draftOf(gateway);
  const client = connectTo(gateway);
  const upload = async (content: Buffer) => (await client.post(uploadsBody([target], { a: content }))).body;
  const [first, again] = [await makePdf({ padToBytes: 5 * MIB }), await makePdf({ pages: 2 })];
  expect(await upload(first)).toEqual({ data: { a: stored(first) } });
  expect((await upload(pdfBytes(1000))).data['a']).toMatchObject({
    __typename: 'DocumentRejectedError',
    code: 'DOCUMENT_REJECTED',
    reasons: [expect.any(String)],
  });
  expect(await upload(again)).toEqual({ data: { a: stored(again) } });
});

test('a PDF into which the signature field does not fit is rejected with the reason', async () => {
  const gateway = await startGateway();
  const [target] = await draftOf(gateway, 1, { page: 2 });
  const { body } = await connectTo(gateway).post(uploadsBody([target], { a: await makePdf({ pages: 2 }) }));
  expect(body.data['a']).toMatchObject({
    __typename: 'DocumentRejectedError',
    reasons: [expect.stringContaining('(Firma del contratto)')],
  });
});

/** A service whose upload URLs expire after `lifetimeMs`, and whose storage refuses every block but the first. */
async function uploadWithUrlOf(lifetimeMs: number) {
  const at = '2026-03-05T09:14:07.412Z';
  const dates = { created_at: at, updated_at: at };
  const document = {
    id: 'document',
    status: 'WAIT_FOR_UPLOAD',
    ...dates,
    metadata: { title: 'Contratto', signature_fields: [] },
  };
  const draft = {
    id: 'request',
    dossier_id: 'dossier',
    signer_id: 'signer',
    status: 'DRAFT',
    expires_at: at,
    ...dates,
    documents: [document],
  };
  const expiresAt = new Date(Date.now() + lifetimeMs);
  const service = await startHttpStub(async ({ method, path }, res) => {
    if (path.endsWith('/upload_url'))
      return sendJson(res, 200, `${service.origin}/account/uploads/x?se=${expiresAt.toISOString()}&sig=x`);
    if (method === 'GET') return sendJson(res, 200, draft);
    const isFirst = service.calls.filter((call) => call.method === 'PUT').length === 1;
    if (isFirst) return void res.writeHead(201).end();
    res.writeHead(403, { 'x-ms-error-code': 'AuthenticationFailed' }).end();
  });
  const gateway = await startGateway({
    apiUrl: new URL(`${service.origin}/api/v1/sign`),
    storageHosts: [service.origin],
  });
  const target = { signatureRequestId: 'request', documentId: 'document' };
  return (await connectTo(gateway).post(uploadsBody([target], { a: pdfBytes(9 * MIB) }))).body;
}

test('a file that arrives after its upload URL expired is UPLOAD_INTERRUPTED', async () => {
  const { data } = await uploadWithUrlOf(0);
  expect(data['a']).toMatchObject({ __typename: 'UploadInterruptedError' });
});

test('a storage that refuses a valid upload URL is a fault', async () => {
  const { errors } = await uploadWithUrlOf(60_000);
  expect(errors).toMatchObject([{ path: ['a'], extensions: { code: 'UPSTREAM_REFUSED' } }]);
});

test.each([
  ['within a block', 22 * MIB],
  ['within the first block', 1 * MIB],
])('a client that is killed %s of 50 MiB leaves nothing behind within a second', async (_, bytes) => {
  const gateway = await startGateway({ maxUploadBytes: 100 * MIB });
  const [target] = await draftOf(gateway);
  const client = connectTo(gateway);
  const putBlocks = (): number =>
    gateway.sandbox.journal.entries({ operationId: 'putBlock', ended: 'answered' }).length;
  await client.begin(uploadsBody([target], { a: pdfBytes(50 * MIB) }), bytes);
  await expect.poll(putBlocks).toBe(Math.floor(bytes / (4 * MIB)));
  client.socket.resetAndDestroy();
  await expect
    .poll(() => gateway.sandbox.storageActivity(), { interval: 20 })
    .toEqual({ putsInFlight: 0, openConnections: 0 });
  expect(commits(gateway)).toBe(0);
  expect(gateway.sandbox.storedBlobs()).toEqual([]);
  expect((await connectTo(gateway).post(PING)).status).toBe(200);
});

test('with waitSeconds 0 the file is stored, and the request is not read again', async () => {
  const world = await startFailingGateway();
  const [target] = await draftOf(world);
  world.calls.length = 0;
  const query = `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
    ... on UploadDocumentPayload { document { status } } } }`;
  const variables = { input: { ...target, file: null, waitSeconds: 0 } };
  const { data } = await world.upload(query, variables, new Uint8Array(await makePdf()));
  expect(data).toEqual({ uploadDocument: { document: { status: 'WAIT_FOR_UPLOAD' } } });
  expect(world.calls.map(({ operation }) => operation)).toEqual([
    'getSignatureRequest',
    'getDocumentUploadUrl',
  ]);
  expect(world.sandbox.storedBlobs()).toHaveLength(1);
});

test('a wait ends after waitSeconds', async () => {
  const world = await startFailingGateway();
  const [target] = await draftOf(world);
  const draft = requestIn('DRAFT', [documentIn('WAIT_FOR_UPLOAD', { id: target.documentId })], {
    id: target.signatureRequestId,
  });
  world.fail('getSignatureRequest', shows(draft));
  const startedAt = performance.now();
  const variables = { input: { ...target, file: null, waitSeconds: 1 } };
  const pdf = new Uint8Array(await makePdf());
  const { data } = await world.upload(mutationOf('uploadDocument'), variables, pdf);
  expect(data).toEqual({ uploadDocument: { __typename: 'UploadDocumentPayload' } });
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(950);
  expect(performance.now() - startedAt).toBeLessThan(10_000); // the default is 15 seconds
});

test('the outcome of an earlier file is ignored', async () => {
  const world = await startFailingGateway();
  const [target] = await draftOf(world);
  const id = target.documentId;
  const soon = new Date(Date.now() + 60_000).toISOString();
  const old = documentIn('REJECTED', {
    id,
    updated_at: AT,
    uploaded_at: AT,
    rejected_at: AT,
    reject_reason: 'old',
  });
  const again = documentIn('REJECTED', {
    id,
    updated_at: LATER,
    uploaded_at: AT,
    reject_reason: 'still old',
  });
  const accepted = documentIn('READY', { id, updated_at: LATER, uploaded_at: soon });
  const whole = (document: object) => requestIn('DRAFT', [document], { id: target.signatureRequestId });
  world.fail('getSignatureRequest', shows(whole(old), whole(old), whole(again), whole(accepted)));
  world.calls.length = 0;
  const variables = { input: { ...target, file: null, waitSeconds: 10 } };
  const pdf = new Uint8Array(await makePdf());
  const { data } = await world.upload(mutationOf('uploadDocument'), variables, pdf);
  expect(data).toEqual({ uploadDocument: { __typename: 'UploadDocumentPayload' } });
  expect(world.count('getSignatureRequest')).toBe(4);
});
