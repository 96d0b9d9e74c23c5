import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { GatewayOverrides } from '../support/gateway-options.ts';
import { multipartBody, pdfBytes, PoliteClient, uploadBody } from '../support/multipart.ts';
import { makePdf } from '../support/pdf.ts';
import { startGateway } from '../support/start-gateway.ts';

const MIB = 1024 * 1024;
const VALIDATE = `mutation ($input: ValidateDocumentInput!) { validateDocument(input: $input) { __typename
  ... on ValidateDocumentPayload { isValid violations } ... on FileTooLargeError { limitBytes }
  ... on InvalidInputError { fieldErrors { path } } ... on Error { code } } }`;

const field = (position: object, type = 'REQUIRED') => ({
  clause: { title: 'Firma del contratto', type },
  position,
});
const BOX = { page: 0, x: 85, y: 676, width: 177, height: 77 };

function bodyOf(content: Buffer, input: object = {}): Buffer {
  return multipartBody(
    [
      ['operations', JSON.stringify({ query: VALIDATE, variables: { input: { file: null, ...input } } })],
      ['map', '{"0":["variables.input.file"]}'],
    ],
    [{ name: '0', content }],
  );
}

/** Validates a file, then another over the same connection, which must still work. Neither uses the storage. */
async function validate(content: Buffer, input: object = {}, options: GatewayOverrides = {}) {
  const { sandbox, url } = await startGateway(options);
  const client = new PoliteClient(Number(new URL(url).port));
  onTestFinished(() => client[Symbol.dispose]());
  const { status, body } = await client.post(bodyOf(content, input));
  expect(status).toBe(200);
  const again = await client.post(bodyOf(await makePdf()));
  expect(again.body.data['validateDocument']).toMatchObject({ isValid: true });
  expect(
    sandbox.journal
      .entries({ ended: 'answered' })
      .filter(({ operationId }) => operationId !== 'validateDocument'),
  ).toEqual([]);
  return {
    answer: body.data['validateDocument'],
    calls: sandbox.journal.entries({ ended: 'answered' }).length - 1,
    serviceAnswer: sandbox.journal.entries({ ended: 'answered' })[0]?.responseBody,
  };
}

test('accepts a PDF that the fields fit', async () => {
  const pdf = await makePdf({ signatureFields: ['Firma1'] });
  const { answer } = await validate(pdf, {
    fields: [field({ box: BOX }), field({ uniqueName: 'Firma1' }, 'OPTIONAL')],
  });
  expect(answer).toEqual({ __typename: 'ValidateDocumentPayload', isValid: true, violations: [] });
});

test('places fields by the text of the PDF', async () => {
  const pdf = await readFile('examples/contratto.pdf');
  const { answer } = await validate(pdf, {
    fields: [field({ anchor: { text: 'Firma', align: 'BELOW' } })],
  });
  expect(answer).toEqual({ __typename: 'ValidateDocumentPayload', isValid: true, violations: [] });
});

test('accepts 20 MiB', async () => {
  const pdf = await makePdf({ padToBytes: 20 * MIB });
  const { answer } = await validate(pdf, { fields: [field({ box: BOX })] });
  expect(answer).toEqual({ __typename: 'ValidateDocumentPayload', isValid: true, violations: [] });
});

test('reports a violation for each field that does not fit', async () => {
  const { answer } = await validate(await makePdf(), {
    fields: [field({ box: { ...BOX, page: 3 } }), field({ uniqueName: 'Firma1' })],
  });
  expect(answer).toEqual({
    __typename: 'ValidateDocumentPayload',
    isValid: false,
    violations: [expect.stringContaining('page 3'), expect.stringContaining('Firma1')],
  });
});

test.each([
  ['is broken', 'Error', '%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer\n<</Root 1 0 R>>'],
  ['is incomplete', 'TypeError', '%PDF-1.7'],
  [
    'contains itself',
    'RangeError',
    '%PDF-1.7\n1 0 obj\n<</Pages 2 0 R/Type/Catalog>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[2 0 R]>>\nendobj\ntrailer\n<</Root 1 0 R>>',
  ],
])('is UNREADABLE_PDF for a PDF that %s: a %s of the service', async (_, errorClass, file) => {
  const { answer, serviceAnswer } = await validate(Buffer.from(file));
  expect(answer).toEqual({ __typename: 'UnreadablePdfError', code: 'UNREADABLE_PDF' });
  expect(serviceAnswer).toMatchObject({ json: { detail: errorClass } });
});

test.each<[string, Buffer, string]>([
  ['is not a PDF', Buffer.alloc(9 * MIB, 'GIF89a'), 'NOT_A_PDF'],
  ['is empty', Buffer.alloc(0), 'EMPTY_FILE'],
])('makes no upstream call for a file that %s', async (_, content, code) => {
  const { answer, calls } = await validate(content);
  expect(answer).toMatchObject({ code });
  expect(calls).toBe(0);
});

test('makes no upstream call when the fields break a rule', async () => {
  const { answer, calls } = await validate(pdfBytes(9 * MIB), {
    fields: [field({ uniqueName: '' }, 'OPTIONAL')],
  });
  expect(answer).toMatchObject({ code: 'INVALID_INPUT' });
  expect(calls).toBe(0);
});

test.each([1 * MIB, 13 * MIB])('aborts a file over the limit of %i bytes', async (maxUploadBytes) => {
  const { answer, calls } = await validate(pdfBytes(20 * MIB), {}, { maxUploadBytes });
  expect(answer).toEqual({
    __typename: 'FileTooLargeError',
    code: 'FILE_TOO_LARGE',
    limitBytes: maxUploadBytes,
  });
  expect(calls).toBe(0);
});

test('aborts when the body ends within the file', async () => {
  const { url } = await startGateway();
  using client = new PoliteClient(Number(new URL(url).port));
  const body = bodyOf(pdfBytes(9 * MIB));
  const answer = await client.post(body.subarray(0, 6 * MIB));
  expect(answer.body.data['validateDocument']).toMatchObject({ code: 'UPLOAD_INTERRUPTED' });
  expect((await client.post(bodyOf(await makePdf()))).status).toBe(200);
});

test('lets the next field read its file when the service is unreachable', async () => {
  const { url } = await startGateway({ apiUrl: new URL('http://127.0.0.1:1/api/v1/sign') });
  using client = new PoliteClient(Number(new URL(url).port));
  const field = (name: string): string =>
    `${name}: validateDocument(input: { file: $${name} }) { __typename }`;
  const body = uploadBody(`mutation ($a: Upload!, $b: Upload!) { ${field('a')} ${field('b')} }`, {
    a: pdfBytes(9 * MIB),
    b: pdfBytes(9 * MIB),
  });
  expect((await client.post(body)).body).toMatchObject({
    data: { a: null, b: null },
    errors: [
      { path: ['a'], extensions: { code: 'UPSTREAM_UNAVAILABLE' } },
      { path: ['b'], extensions: { code: 'UPSTREAM_UNAVAILABLE' } },
    ],
  });
});

test('does not complete the body when the client is killed', async () => {
  const { sandbox, url } = await startGateway();
  const port = Number(new URL(url).port);
  const client = new PoliteClient(port);
  await client.begin(bodyOf(pdfBytes(9 * MIB)), 6 * MIB);
  client.socket.resetAndDestroy();
  using other = new PoliteClient(port);
  const answer = await other.post(bodyOf(await makePdf()));
  expect(answer.body.data['validateDocument']).toMatchObject({ isValid: true });
  expect(sandbox.journal.entries({ ended: 'answered' }).length).toBe(1);
});

test('gives a slow client the time it needs', async () => {
  const { url } = await startGateway({ upstreamTimeoutMs: 2_000 });
  using client = new PoliteClient(Number(new URL(url).port));
  const body = bodyOf(await makePdf({ padToBytes: 1 * MIB }));
  await client.begin(body, 0);
  for (let part = 0; part < 8; part += 1) {
    await client.write(body.subarray((part * body.length) / 8, ((part + 1) * body.length) / 8));
    await pause(300);
  }
  expect((await client.answer()).body.data['validateDocument']).toMatchObject({ isValid: true });
});
