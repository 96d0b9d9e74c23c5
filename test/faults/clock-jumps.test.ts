import { expect, onTestFinished, test } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { requestSignature } from '../support/request-signature.ts';
import { startGateway } from '../support/start-gateway.ts';

/*
 * The system clock is changed at run time: deadlines and keys use a monotonic clock. Unknown outcomes:
 * test/resilience/unknown-outcomes.test.ts. Keys in Redis use the clock of Redis.
 */
const HOUR_MS = 3_600_000;
const KEY = { idempotencyKey: '0f8fad5b-d9cb-469f-a165-70867728950e' };
const PDF = await makePdf();

function setClockBy(hours: number): void {
  const real = Date.now;
  onTestFinished(() => void (Date.now = real));
  Date.now = () => real() + hours * HOUR_MS;
}

test.each([-48, -1, 1, 48])('a key is remembered although the clock is set by %i h', async (hours) => {
  const gateway = await startGateway();
  const first = await requestSignature(gateway, KEY, [PDF]);
  setClockBy(hours);
  expect(await requestSignature(gateway, KEY, [PDF])).toMatchObject({
    __typename: 'RequestSignaturePayload',
    signatureRequest: { id: first?.['signatureRequest']?.['id'] },
  });
  expect(gateway.sandbox.snapshot().store.requests.size).toBe(1);
});

test.each([-1, 1])('a deadline expires on time although the clock is set by %i h', async (hours) => {
  const gateway = await startGateway({ upstreamTimeoutMs: 1_000 });
  const { faults } = gateway.sandbox;
  faults.add({ kind: 'latency', ms: 60_000, operation: 'getDossier' });
  const beganAt = performance.now();
  const asked = gateway.run('{ dossier(id: "01KJYMD75M8Q4V6W9X0Y2Z7A1C") { id } }');
  await expect.poll(() => faults.list()[0]?.fired).toBe(1);
  setClockBy(hours);
  expect(await asked).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_TIMEOUT' } }] });
  const takenMs = performance.now() - beganAt;
  expect(takenMs).toBeGreaterThan(900);
  expect(takenMs).toBeLessThan(15_000);
});
