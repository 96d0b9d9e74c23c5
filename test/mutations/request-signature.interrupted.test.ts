import { expect, test } from 'vitest';
import { UploadInterruptedError } from '../../src/resolvers/errors/domain-errors.ts';
import { translatedUpload } from '../../src/resolvers/errors/translate-upstream-error.ts';
import { TimeIsUpError } from '../../src/upstream/pipeline/deadline.ts';
import { pdfBytes, PoliteClient } from '../support/multipart.ts';
import { signatureBody } from '../support/request-signature.ts';
import { logSink } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

/** A gateway that has half of the file of a `requestSignature`, whose earlier steps are done. */
async function startedUpload() {
  const logs = logSink();
  const gateway = await startGateway({
    stopTimes: { graceMs: 200 },
    uploadStallMs: 60_000,
    logger: logs.logger,
  });
  const client = new PoliteClient(Number(new URL(gateway.url).port));
  const body = signatureBody({}, [pdfBytes(100_000)]);
  await client.begin(body, body.length / 2);
  const addresses = (): number =>
    gateway.sandbox.journal.entries({ operationId: 'getDocumentUploadUrl' }).length;
  await expect.poll(addresses).toBe(1);
  return { ...gateway, client, logs };
}

test('an upload that a shutdown interrupts is an error with the step and the ids, from which a retry continues', async () => {
  const { client: started, close, logs } = await startedUpload();
  using client = started;
  const closed = close();
  expect((await client.answer()).body).toMatchObject({
    data: {
      requestSignature: {
        __typename: 'RequestSignatureIncompleteError',
        step: 'UPLOAD_DOCUMENTS',
        message: expect.stringContaining('A retry with the same idempotencyKey continues from this step.'),
        cause: { code: 'UPLOAD_INTERRUPTED' },
        progress: { dossierId: expect.any(String), signatureRequest: null },
      },
    },
  });
  await closed;
  expect(logs.lines().filter(({ level }) => Number(level) >= 50)).toEqual([]);
});

test('a client that leaves during its upload is not logged as an error of the gateway', async () => {
  const { client, logs } = await startedUpload();
  client.socket.resetAndDestroy();
  await expect.poll(() => logs.requests()).toMatchObject([{ outcome: 'left' }]);
  expect(logs.lines().filter(({ level }) => Number(level) >= 50)).toEqual([]);
});

test('an upload whose operation has no more time is interrupted', async () => {
  const upload = translatedUpload(Promise.reject(new TimeIsUpError()));
  await expect(upload).rejects.toBeInstanceOf(UploadInterruptedError);
});
