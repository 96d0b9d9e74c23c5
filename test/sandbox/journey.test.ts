import { expect, test } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { FISCAL_CODE, START, issuerOf, putBlob, sandboxForTest } from './support-issuer.ts';
import { drawingsOf } from './support-signing.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

test('a request on a frozen clock, from an expired upload URL to a deleted file', async () => {
  const sandbox = await sandboxForTest({ frozenAt: START });
  const { clock, citizen } = sandbox;
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  const documentId = request.documents[0]?.id ?? '';
  const status = async () => (await issuer.read(request.id)).status;
  const link = async () => String((await issuer.read(request.id)).documents[0]?.['url']);
  const answerOf = async (url: string) => {
    const response = await fetch(url);
    await response.arrayBuffer();
    return [response.status, response.headers.get('x-ms-error-code')];
  };

  const late = await issuer.uploadUrl(request.id, documentId);
  await clock.advance(15 * MINUTE_MS);
  const refused = await putBlob(late, await makePdf());
  expect([refused.status, refused.headers.get('x-ms-error-code')]).toEqual([403, 'AuthenticationFailed']);

  const fresh = await issuer.uploadUrl(request.id, documentId);
  expect((await putBlob(fresh, await makePdf())).status).toBe(201);
  await clock.advance(3_000);
  expect((await issuer.read(request.id)).documents).toMatchObject([{ id: documentId, status: 'READY' }]);

  expect((await issuer.setStatus(request.id, 'READY')).status).toBe(204);
  expect((await issuer.notify(request.id)).status).toBe(422);
  await clock.advance(5_000);
  expect(await status()).toBe('WAIT_FOR_SIGNATURE');
  expect((await issuer.notify(request.id)).status).toBe(200);

  const [waiting] = citizen.waiting({ fiscalCode: FISCAL_CODE });
  citizen.sign(waiting?.id ?? '');
  await clock.advance(65_000);
  expect(await status()).toBe('SIGNED');

  const download = await link();
  const file = await fetch(download);
  expect(file.status).toBe(200);
  const [page] = await drawingsOf(new Uint8Array(await file.arrayBuffer()));
  expect(page?.texts).toContain('TEST SIGNATURE: NOT qualified');

  await clock.advance(5 * MINUTE_MS);
  expect(await answerOf(download)).toEqual([403, 'AuthenticationFailed']);
  expect(await answerOf(await link())).toEqual([200, null]);

  await clock.advance(90 * DAY_MS);
  expect(await status()).toBe('SIGNED');
  expect(await answerOf(await link())).toEqual([404, 'BlobNotFound']);
  expect(sandbox.storedBlobs()).toEqual([]);
});
