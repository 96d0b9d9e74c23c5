import { expect, test } from 'vitest';
import { callerAt, withToken } from '../support/caller.ts';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import { mutationOf } from '../support/operations.ts';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';
import { endpointAt, startReceiver } from '../support/webhook-receiver.ts';

const AT = '2026-03-05T09:14:07.412Z';

test('a receiver gets events of its tenant only, even if tenants share request ids', async () => {
  const issuer = await startTokenIssuer();
  const statuses: Record<string, string> = {};
  const service = await startHttpStub(({ headers }, res) => {
    const key = String(headers['ocp-apim-subscription-key']);
    const status = statuses[key] ?? 'WAIT_FOR_SIGNATURE';
    const updated_at = status === 'SIGNED' ? '2026-03-05T10:00:00.000Z' : AT;
    const times = { created_at: AT, updated_at, expires_at: '2126-03-05T09:14:07.412Z' };
    const ids = { id: 'same', dossier_id: 'same', signer_id: `signer-of-${key}` };
    sendJson(res, 200, { ...ids, ...times, status, documents: [] });
  });
  const [alfa, beta] = [await startReceiver(), await startReceiver()];
  const { url } = await startGateway({
    apiUrl: new URL(`${service.origin}/api/v1/sign`),
    // There is no receiver for gamma.
    apiKey: new Map(['alfa', 'beta', 'gamma'].map((tenant) => [tenant, `${tenant}-key`])),
    auth: jwtOptions(issuer.url),
    webhooks: {
      endpoints: [endpointAt(alfa.url, { tenant: 'alfa' }), endpointAt(beta.url, { tenant: 'beta' })],
      pace: { leastMs: 20, mostMs: 50 },
    },
  });
  for (const tenant of ['alfa', 'beta', 'gamma']) {
    const caller = callerAt(url, withToken(await issuer.sign({ tenant })));
    const { body } = await caller.ask(mutationOf('markReady', 'signatureRequest { status }'), {
      input: { signatureRequestId: 'same' },
    });
    expect(body).toMatchObject({
      data: { markReady: { signatureRequest: { status: 'WAIT_FOR_SIGNATURE' } } },
    });
  }
  await expect.poll(alfa.types).toEqual(['wait_for_signature']);
  await expect.poll(beta.types).toEqual(['wait_for_signature']);
  statuses['gamma-key'] = 'SIGNED';
  statuses['alfa-key'] = 'SIGNED';
  await expect.poll(alfa.types).toEqual(['wait_for_signature', 'signed']);
  const signersOf = ({ received }: typeof alfa) => new Set(received.map(({ event }) => event.data.signerId));
  expect(signersOf(alfa)).toEqual(new Set(['signer-of-alfa-key']));
  expect(signersOf(beta)).toEqual(new Set(['signer-of-beta-key']));
  expect(beta.types()).toEqual(['wait_for_signature']);
  const ids = [...alfa.received, ...beta.received].map(({ id }) => id);
  expect(new Set(ids).size).toBe(3);
});
