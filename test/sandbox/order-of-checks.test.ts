import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { makePdf } from '../support/pdf.ts';
import { INVALID_KEY, NO_CONTENT, invalid, notFound, shown } from './support-answers.ts';
import { FIELD, issuerOf, sandboxForTest } from './support-issuer.ts';
import { waitingRequest } from './support-signing.ts';

const REFUSED = invalid(expect.arrayContaining([expect.stringMatching(/^Invalid value /)]));
const Shapes = z.object({
  id: z.string(),
  documents: z.array(z.looseObject({ id: z.string(), metadata: z.looseObject({ title: z.string() }) })),
});

describe('of two mistakes the service reports', () => {
  // Conforms (Errors, service): Of two errors the first is reported: key, then path, query and body, then errors of the
  // database.
  test.each([
    ['the key before the body', 'wrong', 'POST', '/dossiers', {}, INVALID_KEY],
    ['the key before the id', 'wrong', 'GET', '/dossiers/nope', undefined, INVALID_KEY],
    ['the key before the status', 'wrong', 'PUT', '/signature-requests/nope/status', 'foo', INVALID_KEY],
    ['the body before the dossier', 'good', 'POST', '/signature-requests', { dossier_id: 'nope' }, REFUSED],
    [
      'the query before the dossier',
      'good',
      'GET',
      '/dossiers/nope/signature-requests?limit=1',
      undefined,
      REFUSED,
    ],
    ['the status before the request', 'good', 'PUT', '/signature-requests/nope/status', '"foo"', REFUSED],
    [
      'the request before the document',
      'good',
      'GET',
      '/signature-requests/nope/documents/nope/upload_url',
      undefined,
      notFound('The specified Signature Request does not exist.'),
    ],
  ])('%s', async (_, key, method, path, body, expected) => {
    const sandbox = await sandboxForTest({ apiKeys: ['good'] });
    expect(shown(await issuerOf(sandbox, key).call(method, path, body))).toEqual(expected);
    sandbox.takeViolations();
  });

  // Conforms (validate-document, service): The fields are checked before the PDF.
  test('the fields before the file that cannot be opened', async () => {
    const sandbox = await sandboxForTest();
    const form = new FormData();
    form.append('document', new Blob(['no PDF'], { type: 'application/pdf' }), 'a.pdf');
    form.append('fields', new Blob(['[{}]'], { type: 'application/json' }), 'f.json');
    expect(shown(await issuerOf(sandbox).call('POST', '/validate-document', form))).toEqual(REFUSED);
    sandbox.takeViolations();
  });
});

// Conforms (Dossiers, service): A dossier reads as it was created.
test('a dossier is returned as it was created, with its support address', async () => {
  const issuer = issuerOf(await sandboxForTest());
  const created = await issuer.call('POST', '/dossiers', {
    title: 'x',
    support_email: 'urp@example.it',
    documents_metadata: [{ title: 'Contratto', signature_fields: [FIELD] }],
  });
  expect(created.body).toMatchObject({ support_email: 'urp@example.it' });
  const { id } = z.looseObject({ id: z.string() }).parse(created.body);
  expect(await issuer.call('GET', `/dossiers/${id}`)).toMatchObject({ status: 200, body: created.body });
});

// Conforms (Signature requests, service): Each request has documents with ids of their own, in the order of the
// list.
test('each request has its own documents, in the order of the list', async () => {
  const issuer = issuerOf(await sandboxForTest());
  const dossier_id = await issuer.createDossier([{ title: 'Uno' }, { title: 'Due' }, { title: 'Tre' }]);
  const requests = [];
  for (let count = 0; count < 2; count += 1) {
    const { body } = await issuer.call('POST', '/signature-requests', { dossier_id, signer_id: 'x' });
    requests.push(Shapes.parse(body));
  }
  for (const { documents } of requests) {
    expect(documents.map(({ metadata }) => metadata.title)).toEqual(['Uno', 'Due', 'Tre']);
  }
  expect(new Set(requests.flatMap(({ documents }) => documents.map(({ id }) => id))).size).toBe(6);
});

// Conforms (Notification, service): The body of a notification is ignored.
test('a notification ignores its body', async () => {
  const { issuer, id, sandbox } = await waitingRequest();
  const path = `/signature-requests/${id}/notification`;
  expect(await issuer.call('PUT', path, { to: 'ignored' })).toMatchObject({ status: 200 });
  sandbox.takeViolations();
});

// Conforms (Signature requests, service): CANCELLED is read with and without quotes.
test.each(['CANCELLED', '"CANCELLED"', '"CANCELLED"\n'])('%j is read as CANCELLED', async (body) => {
  const { issuer, id } = await waitingRequest();
  expect(shown(await issuer.setStatus(id, body))).toEqual(NO_CONTENT);
});

// Conforms (validate-document, manual): The example of the manual has too few dashes and is a 400.
test("the multipart example of the service's manual is not multipart", async () => {
  const sandbox = await sandboxForTest();
  // The boundary in the header has four dashes, so the delimiters in the body would need six.
  const body = Buffer.concat([
    Buffer.from(
      '-----exampleBoundary\r\nContent-Disposition: form-data; name="document"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n',
    ),
    await makePdf(),
    Buffer.from('\r\n-----exampleBoundary--\r\n'),
  ]);
  const answer = await issuerOf(sandbox).call('POST', '/validate-document', body, {
    'content-type': 'multipart/form-data; boundary=----exampleBoundary',
  });
  expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringMatching(/^missing files: /) } });
  sandbox.takeViolations();
});
