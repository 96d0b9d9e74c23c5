import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { makePdf } from '../support/pdf.ts';
import { FIELD, issuerOf, putBlob, sandboxForTest } from './support-issuer.ts';

const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

// Conforms (Signature requests, manual): The five steps of the manual, from the dossier to the QR code and the
// notification.
test('the five steps of the manual lead from a PDF to a QR code and a notification', async () => {
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);

  const dossier = await issuer.call('POST', '/dossiers', {
    title: 'Contratto di collaborazione',
    documents_metadata: [{ title: 'Contratto', signature_fields: [FIELD] }, { title: 'Informativa privacy' }],
  });
  expect(dossier.status).toBe(201);
  expect(dossier.body).toEqual({
    id: expect.stringMatching(ULID),
    title: 'Contratto di collaborazione',
    support_email: 'firma@comune.example.it',
    documents_metadata: [
      { title: 'Contratto', signature_fields: [FIELD] },
      { title: 'Informativa privacy', signature_fields: [] },
    ],
    created_at: expect.stringMatching(TIME),
    updated_at: expect.stringMatching(TIME),
  });
  const { id: dossierId } = z.looseObject({ id: z.string() }).parse(dossier.body);

  const signer = await issuer.call('POST', '/signers', { fiscal_code: 'SPNDNL80R13C555X' });
  expect(signer.status).toBe(200);
  const { id: signerId } = z.object({ id: z.uuid() }).parse(signer.body);

  const created = await issuer.call('POST', '/signature-requests', {
    dossier_id: dossierId,
    signer_id: signerId,
  });
  expect(created.status).toBe(201);
  const { id } = z.looseObject({ id: z.string() }).parse(created.body);
  expect(created.body).toEqual({
    id: expect.stringMatching(ULID),
    dossier_id: dossierId,
    signer_id: signerId,
    status: 'DRAFT',
    created_at: expect.stringMatching(TIME),
    updated_at: expect.stringMatching(TIME),
    expires_at: expect.stringMatching(TIME),
    documents: ['Contratto', 'Informativa privacy'].map((title) => ({
      id: expect.stringMatching(ULID),
      status: 'WAIT_FOR_UPLOAD',
      metadata: expect.objectContaining({ title }),
      created_at: expect.stringMatching(TIME),
      updated_at: expect.stringMatching(TIME),
    })),
  });

  const draft = await issuer.read(id);
  for (const document of draft.documents) {
    const stored = await putBlob(await issuer.uploadUrl(id, document.id), await makePdf());
    expect(stored.status).toBe(201);
  }
  const uploaded = await issuer.until(id, ({ documents }) =>
    documents.every(({ status }) => status === 'READY'),
  );
  expect(uploaded).toMatchObject({ status: 'DRAFT', updated_at: draft['created_at'] });
  expect(uploaded.documents[0]).toMatchObject({
    uploaded_at: expect.stringMatching(TIME),
    url: `${sandbox.origin}/iopitnsignst01/validated-documents/${uploaded.documents[0]?.id}`,
  });

  const ready = await issuer.setStatus(id, 'READY');
  expect([ready.status, ready.body]).toEqual([204, undefined]);
  const waiting = await issuer.until(id, ({ status }) => status === 'WAIT_FOR_SIGNATURE');
  expect(waiting).not.toHaveProperty('notification');

  const notified = await issuer.notify(id);
  expect(notified.status).toBe(200);
  expect(notified.body).toEqual({ io_message_id: expect.stringMatching(ULID) });
  expect(await issuer.read(id)).toMatchObject({
    notification: notified.body,
    updated_at: waiting['updated_at'],
  });

  const qrCode = await fetch(z.string().parse(waiting['qr_code_url']));
  expect(qrCode.headers.get('content-type')).toBe('image/png');
  const image = PNG.sync.read(Buffer.from(await qrCode.arrayBuffer()));
  const decoded = jsQR.default(new Uint8ClampedArray(image.data), image.width, image.height);
  expect(decoded?.data).toBe(`https://continua.io.pagopa.it/open?feat=firma&srid=${id}`);

  expect(
    sandbox.journal
      .entries()
      .filter(({ method }) => method !== 'GET')
      .map(({ operationId }) => operationId),
  ).toEqual([
    'createDossier',
    'getSignerByFiscalCode',
    'createSignatureRequest',
    'putBlob',
    'putBlob',
    'setSignatureRequestStatus',
    'sendNotification',
  ]);
});

// Conforms (Signers, service): The same fiscal code always gets the same id, a UUID.
test('gives the same signer for the same fiscal code, in every sandbox', async () => {
  const ids = [];
  for (const sandbox of [await sandboxForTest(), await sandboxForTest()]) {
    ids.push((await issuerOf(sandbox).call('POST', '/signers', { fiscal_code: 'SPNDNL80R13C555X' })).body);
    ids.push((await issuerOf(sandbox).call('POST', '/signers', { fiscal_code: 'AAABBB00A00A000A' })).body);
  }
  expect(ids[0]).toEqual(ids[2]);
  expect(ids[0]).not.toEqual(ids[1]);
});

// Conforms (Signature requests, service): The QR code accepts width and color.
test('the QR code has the requested width and colour', async () => {
  const { origin } = await sandboxForTest();
  const response = await fetch(
    `${origin}/qrcode.png?feat=firma&srid=01KJYMD75M8Q4V6W9X0Y2Z7A1C&width=120&color=ff0000`,
  );
  const image = PNG.sync.read(Buffer.from(await response.arrayBuffer()));
  expect(image.width).toBe(120);
  expect(image.data.includes(Buffer.from([255, 0, 0, 255]))).toBe(true);
  expect((await fetch(`${origin}/qrcode.png?feat=firma`)).status).toBe(404);
});
