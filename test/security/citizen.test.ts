import { expect, test } from 'vitest';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { OPERATIONS } from './support-operations.ts';
import { rolesTable } from './support-roles-page.ts';
import { ANNA, BRUNO, CITIZEN, startWorld } from './support-world.ts';

const STATUS = 'query ($id: ID!) { signatureRequest(id: $id) { status documents { downloadUrl } } }';

test('a citizen can perform all steps from a dossier’s id to a signed file', async () => {
  const world = await startWorld();
  const { dossierId } = await world.requestOf(BRUNO);
  const anna = await world.as(CITIZEN);
  const run = async (name: string, payload: string, input: object) =>
    (await anna.ask(mutationOf(name, payload), { input })).body['data']?.[name];

  const found = await run('findSigner', 'signer { id }', { fiscalCode: ANNA });
  const signerId = found?.['signer']?.['id'];
  const made = await run('createSignatureRequest', 'signatureRequest { id documents { id } }', {
    dossierId,
    signerId,
  });
  const request = made?.['signatureRequest'];
  const [id, documentId] = [String(request?.['id']), request?.['documents']?.[0]?.['id']];

  // Directly to the storage, as for a large file, and again through the gateway.
  const address = await run('createUploadUrl', 'url method headers { name value }', {
    signatureRequestId: id,
    documentId,
  });
  const { url, method } = { url: String(address?.['url']), method: String(address?.['method']) };
  const headers = { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'application/pdf' };
  const pdf = new Uint8Array(await makePdf());
  expect((await fetch(url, { method, headers, body: pdf })).status).toBe(201);
  const uploaded = await anna.upload(
    mutationOf('uploadDocument', 'document { status }'),
    { input: { signatureRequestId: id, documentId, file: null } },
    pdf,
  );
  expect(uploaded.body['data']?.['uploadDocument']).toMatchObject({ document: { status: 'READY' } });
  expect(
    await run('markReady', 'signatureRequest { qrCode { link } }', { signatureRequestId: id }),
  ).toMatchObject({ signatureRequest: { qrCode: { link: expect.stringContaining(id) } } });
  expect(
    await run('notifySigner', 'signatureRequest { notification { ioMessageId } }', {
      signatureRequestId: id,
    }),
  ).toMatchObject({ signatureRequest: { notification: { ioMessageId: expect.any(String) } } });

  world.sandbox.citizen.sign(id);
  await expect
    .poll(async () => (await anna.ask(STATUS, { id })).body['data'])
    .toEqual({
      signatureRequest: { status: 'SIGNED', documents: [{ downloadUrl: expect.stringMatching(/^http/) }] },
    });
});

test('the fiscal code of a token is accepted in lower case and with the prefix TINIT-', async () => {
  const world = await startWorld();
  const { signatureRequestId: id } = await world.requestOf(ANNA);
  for (const fiscal_code of [ANNA.toLowerCase(), `TINIT-${ANNA}`, `tinit-${ANNA.toLowerCase()}`]) {
    const anna = await world.as({ ...CITIZEN, fiscal_code });
    expect((await anna.ask(STATUS, { id })).body['data'], fiscal_code).toMatchObject({
      signatureRequest: { status: 'DRAFT' },
    });
  }
});

test('a signer id in upper case identifies the same signer, so its creator can read the request', async () => {
  const world = await startWorld();
  const anna = await world.as(CITIZEN);
  const { dossierId, signerId } = await world.requestOf(ANNA);
  const made = await anna.ask(mutationOf('createSignatureRequest', 'signatureRequest { id }'), {
    input: { dossierId, signerId: signerId.toUpperCase() },
  });
  const id = made.body['data']?.['createSignatureRequest']?.['signatureRequest']?.['id'];
  expect(id).toEqual(expect.any(String));
  expect((await anna.ask(STATUS, { id })).body['data']).toMatchObject({
    signatureRequest: { status: 'DRAFT' },
  });
});

const OWN = OPERATIONS.filter(({ field }) => rolesTable().get(field)?.['citizen'] === 'own');
const UNAVAILABLE =
  'Firma con IO could not resolve the caller to a signer, so the caller cannot access any record. Call `findSigner` with your own fiscal code for the reason.';

test.each([
  ['never logged in to IO', 'SNZAPP80A01H501C', 'NO_IO_PROFILE'],
  ['no requests may be issued for them', 'NONAMM80A01H501U', 'SERVICE_DISABLED'],
  ['no tester', 'NONTST80A01H501O', 'NOT_A_TESTER'],
  ['their profile cannot be read', 'PRFERR80A01H501Y', 'PROFILE_UNAVAILABLE'],
])('a citizen whom the service does not resolve to a signer (%s)', async (_, fiscalCode, reason) => {
  const world = await startWorld();
  const citizen = await world.as({ ...CITIZEN, fiscal_code: fiscalCode });
  const target = await world.requestOf(ANNA, { documents: [{ status: 'READY' }] });
  const pdf = new Uint8Array(await makePdf());
  for (const { field, run, refusedWith } of OWN) {
    const { result, calls } = await world.callsOf(() => run(citizen, { ...target, fiscalCode }, pdf));
    expect(calls, field).toEqual(['getSignerByFiscalCode POST /api/v1/sign/signers']);
    if (field === 'Mutation.findSigner')
      expect(result.body['data']?.['findSigner'], field).toMatchObject({
        code: 'SIGNER_UNAVAILABLE',
        reason,
      });
    else
      expect(result.body, field).toEqual(
        refusedWith({ message: UNAVAILABLE, extensions: { code: 'CALLER_UNAVAILABLE' } }),
      );
  }
});

test('an outage during the lookup of the caller is reported as an outage', async () => {
  const world = await startWorld();
  const anna = await world.as({ ...CITIZEN, fiscal_code: 'LMTAPP80A01H501K' });
  const { signatureRequestId: id } = await world.requestOf(ANNA);
  const { body } = await anna.ask(STATUS, { id });
  expect(body['data']).toEqual({ signatureRequest: null });
  expect(body['errors']?.[0]).toMatchObject({ extensions: { code: 'RATE_LIMITED' } });
});
