import { PDFDocument } from 'pdf-lib';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DEFAULT_ISSUER } from '../../mocks/sandbox/model/issuers.ts';
import { makePdf } from '../support/pdf.ts';
import { UNAUTHORIZED, failure, invalid, notFound, shown } from './support-answers.ts';
import { START, issuerOf, putBlob, sandboxForTest } from './support-issuer.ts';

// Observable details that are easily overlooked.

const WithId = z.looseObject({ id: z.string() });
const Page = z.object({ items: z.array(WithId), continuation_token: z.string().optional() });
describe('a dossier', () => {
  // Conforms (Dossiers, service): support_email is always present, by default that of the institution;
  // signature_fields too, empty if left out.
  test('without a support address has that of the institution', async () => {
    const issuer = issuerOf(await sandboxForTest());
    const answer = await issuer.call('POST', '/dossiers', {
      title: 'x',
      documents_metadata: [{ title: 'Contratto' }],
    });
    expect(answer.body).toMatchObject({
      support_email: DEFAULT_ISSUER.supportEmail,
      documents_metadata: [{ title: 'Contratto', signature_fields: [] }],
    });
  });

  // Conforms (Dossiers, service): Calls are not idempotent: the same call creates another dossier.
  test('is created again by the same call', async () => {
    const issuer = issuerOf(await sandboxForTest());
    expect(await issuer.createDossier()).not.toBe(await issuer.createDossier());
  });

  // Conforms (Dossiers, service): A dossier has at least one document and no maximum.
  test('may have any number of documents', async () => {
    const issuer = issuerOf(await sandboxForTest());
    const documents_metadata = Array.from({ length: 200 }, () => ({ title: 'Contratto' }));
    const answer = await issuer.call('POST', '/dossiers', { title: 'x', documents_metadata });
    expect(answer).toMatchObject({ status: 201, body: { documents_metadata: { length: 200 } } });
  });

  // Conforms (Dossiers, service): A body that is not an object, or a missing body, is a 422.
  test.each(['null', '[]', '"x"', '1', ''])('is refused with the body %j', async (body) => {
    const sandbox = await sandboxForTest();
    const given = body === '' ? 'undefined' : body;
    expect(shown(await issuerOf(sandbox).call('POST', '/dossiers', body))).toEqual(
      invalid([`Invalid value ${given} supplied to : Exact<CreateDossierBody>`]),
    );
    sandbox.takeViolations();
  });
});

// Conforms (Signature requests, service): dossier_id and signer_id are texts of at least one character,
// in any format.
test.each([
  { dossier_id: '', signer_id: 's' },
  { dossier_id: 'd', signer_id: '' },
  { dossier_id: 1, signer_id: 's' },
  { dossier_id: 'd', signer_id: null },
])('a request is refused with the ids %j', async (body) => {
  const sandbox = await sandboxForTest();
  expect(shown(await issuerOf(sandbox).call('POST', '/signature-requests', body))).toEqual(
    invalid([expect.stringMatching(/_id: non empty string$/)]),
  );
  sandbox.takeViolations();
});

describe('with the back office down', () => {
  async function withoutBackOffice() {
    const sandbox = await sandboxForTest();
    sandbox.faults.add({ kind: 'back-office-outage' });
    return { sandbox, issuer: issuerOf(sandbox) };
  }

  // Conforms (Errors, service): An outage of the back office looks like an invalid key, in every call but POST
  // /signers, before body, query and id.
  test.each([
    ['POST', '/dossiers', {}],
    ['GET', '/dossiers/x', undefined],
    ['GET', '/dossiers/x/signature-requests?limit=1', undefined],
    ['POST', '/signature-requests', {}],
    ['GET', '/signature-requests/x', undefined],
    ['GET', '/signature-requests/x/documents/x/upload_url', undefined],
    ['PUT', '/signature-requests/x/status', '"foo"'],
    ['PUT', '/signature-requests/x/notification', undefined],
    ['POST', '/validate-document', {}],
  ])('%s %s refuses the key before any other check', async (method, path, body) => {
    const { sandbox, issuer } = await withoutBackOffice();
    expect(shown(await issuer.call(method, path, body))).toEqual(UNAUTHORIZED);
    sandbox.takeViolations();
  });

  // Conforms (Signers, service): POST /signers does not look up the issuer and so is never a 401 of the
  // backend.
  test('signers can still be found', async () => {
    const { issuer } = await withoutBackOffice();
    const body = { fiscal_code: 'SPNDNL80R13C555X' };
    expect(await issuer.call('POST', '/signers', body)).toMatchObject({ status: 200 });
  });
});

// Conforms (Signature requests, manual): Continuation tokens are opaque, stateless and absent on the last page;
// continuationToken asks, continuation_token answers.
test('a continuation token needs URL encoding, continues after its page, and can be used twice', async () => {
  const sandbox = await sandboxForTest({ frozenAt: START });
  const { requests } = await sandbox.seed({ requests: [{ count: 30 }] });
  const issuer = issuerOf(sandbox);
  const path = `/dossiers/${requests[0]?.dossierId}/signature-requests`;
  const first = Page.parse((await issuer.call('GET', path)).body);
  expect(first.continuation_token).toMatch(/^\[\{"token":"\+RID:/);
  const next = `${path}?continuationToken=${encodeURIComponent(first.continuation_token ?? '')}`;
  const second = Page.parse((await issuer.call('GET', next)).body);
  expect(second.items).toHaveLength(5);
  expect((await issuer.call('GET', next)).body).toEqual(second);
  // The answer has continuation_token, the query needs continuationToken.
  const ignored = await issuer.call('GET', next.replace('continuationToken', 'continuation_token'));
  expect(ignored.body).toEqual(first);
  sandbox.takeViolations();
});

// Conforms (Documents, service): Several upload URLs may be open; the file that was validated last counts.
test('with several open upload URLs, the last validated file counts', async () => {
  const sandbox = await sandboxForTest({ frozenAt: START });
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest([{ title: 'Contratto' }]);
  const id = request.documents[0]?.id ?? '';
  const [one, other] = [await issuer.uploadUrl(request.id, id), await issuer.uploadUrl(request.id, id)];
  const lasting = await makePdf({ pages: 2 });
  await putBlob(other, await makePdf());
  await sandbox.clock.advance(1_000);
  await putBlob(one, lasting);
  await sandbox.clock.advance(10_000);
  expect(sandbox.storedBlobs()).toMatchObject([
    { container: 'validated-documents', name: id, size: lasting.length },
  ]);
});

// Conforms (Errors, service): Records of another institution are a 404.
test('records of an institution do not exist for another in any operation', async () => {
  const sandbox = await sandboxForTest({ frozenAt: START });
  await sandbox.seed({
    issuers: [{ id: 'ateneo', name: 'Ateneo', supportEmail: 'firma@ateneo.example.it' }],
    keys: [{ key: 'mine' }, { key: 'theirs', issuer: 'ateneo' }],
  });
  const [mine, theirs] = [issuerOf(sandbox, 'mine'), issuerOf(sandbox, 'theirs')];
  const { id, dossier_id, documents } = await mine.createRequest();
  const answers = [
    await theirs.call('GET', `/dossiers/${String(dossier_id)}`),
    await theirs.call('GET', `/dossiers/${String(dossier_id)}/signature-requests`),
    await theirs.call('POST', '/signature-requests', { dossier_id, signer_id: 's' }),
    await theirs.call('GET', `/signature-requests/${id}`),
    await theirs.call('GET', `/signature-requests/${id}/documents/${documents[0]?.id}/upload_url`),
    await theirs.setStatus(id, 'READY'),
    await theirs.notify(id),
  ];
  const [noDossier, noRequest] = [
    notFound('The specified dossier was not found'),
    notFound('Signature request not found'),
  ];
  const noUpload = notFound('The specified Signature Request does not exist.');
  expect(answers.map(shown)).toEqual([
    noDossier,
    noDossier,
    noDossier,
    noRequest,
    noUpload,
    noRequest,
    noUpload,
  ]);
});

// Conforms (validate-document, service): A PDF that is encrypted or broken is a bare 500, detail Error.
test.each([
  ['is encrypted', encryptedPdf],
  ['is truncated', async () => (await makePdf()).subarray(0, 300)],
  ['is not a PDF', () => Promise.resolve(Buffer.from('hello'))],
])('validate-document answers a bare 500 for a PDF that %s', async (_, file) => {
  const form = new FormData();
  form.append('document', new Blob([await file()], { type: 'application/pdf' }), 'a.pdf');
  const answer = await issuerOf(await sandboxForTest()).call('POST', '/validate-document', form);
  expect(shown(answer)).toEqual(failure('Error'));
});

async function encryptedPdf(): Promise<Buffer<ArrayBuffer>> {
  const pdf = await PDFDocument.create();
  pdf.addPage();
  pdf.context.trailerInfo.Encrypt = pdf.context.obj({ Filter: 'Standard' });
  return Buffer.from(await pdf.save({ useObjectStreams: false }));
}
