import { expect, test } from 'vitest';
import { REQUEST, startSigned } from '../support/downloads.ts';
import { startGateway } from '../support/start-gateway.ts';

test('a request is read with its dossier and documents by two upstream calls', async () => {
  const { run, sandbox } = await startGateway();
  const expiresAt = '2126-03-05T09:00:00.000Z';
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE', expiresAt }] });
  const [{ id = '', dossierId, signerId } = {}] = requests;
  sandbox.journal.clear();
  const { data } = await run(
    `query ($id: ID!) { signatureRequest(id: $id) { id status signerId expiresAt isExpired qrCode { link }
      notification { ioMessageId } signedAt dossier { id } documents { status downloadUrl } } }`,
    { id },
  );
  expect(data['signatureRequest']).toEqual({
    id,
    status: 'WAIT_FOR_SIGNATURE',
    signerId,
    expiresAt,
    isExpired: false,
    qrCode: { link: `https://continua.io.pagopa.it/open?feat=firma&srid=${id}` },
    notification: null,
    signedAt: null,
    dossier: { id: dossierId },
    documents: [{ status: 'READY', downloadUrl: null }],
  });
  expect(sandbox.journal.entries().map(({ operationId }) => operationId)).toEqual([
    'getSignatureRequest',
    'getDossier',
  ]);
});

test('a request that does not exist is null', async () => {
  const { run } = await startGateway();
  expect(await run('{ signatureRequest(id: "01KJYMD75M8Q4V6W9X0Y2Z7A1C") { id } }')).toEqual({
    data: { signatureRequest: null },
  });
});

test('downloadUrl has its expiry, and both are null before the signature', async () => {
  const { run, sandbox } = await startSigned();
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const read = async (id: string | undefined) =>
    (await run(`{ signatureRequest(id: "${id}") { documents { downloadUrl downloadUrlExpiresAt } } }`)).data[
      'signatureRequest'
    ]?.['documents']?.[0];
  const signed = await read(REQUEST);
  const expiresAt = Date.parse(String(signed?.['downloadUrlExpiresAt']));
  expect(String(signed?.['downloadUrl'])).toContain(
    encodeURIComponent(new Date(expiresAt).toISOString().replace('.000Z', 'Z')),
  );
  await sandbox.clock.advance(60_000);
  const later = await read(REQUEST);
  expect(later?.['downloadUrl']).not.toBe(signed?.['downloadUrl']);
  expect(Date.parse(String(later?.['downloadUrlExpiresAt']))).toBeGreaterThanOrEqual(expiresAt + 60_000);
  expect(await read(requests[0]?.id)).toEqual({ downloadUrl: null, downloadUrlExpiresAt: null });
});
