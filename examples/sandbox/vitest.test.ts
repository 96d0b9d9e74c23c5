import { startSandbox } from 'sigillo/testing';
import type { Sandbox } from 'sigillo/testing';
import { test as base, expect } from 'vitest';

/** Each test gets its own sandbox. Closing it throws, and so fails the test, if a call violated the contract. */
const test = base.extend<{ sandbox: Sandbox }>({
  sandbox: async ({ onTestFailed }, use) => {
    const sandbox = await startSandbox({ frozenAt: new Date('2026-03-05T09:00:00Z'), seed: 1 });
    onTestFailed(() => console.table(sandbox.journal.entries(), ['operationId', 'status', 'ended']));
    await use(sandbox);
    await sandbox.close();
  },
});

/** In place of your own client, which needs only the base URL of the sandbox. */
function clientOf(baseUrl: string) {
  const headers = { 'ocp-apim-subscription-key': 'any', 'content-type': 'application/json' };
  return {
    async findSigner(fiscalCode: string) {
      const body = JSON.stringify({ fiscal_code: fiscalCode });
      return fetch(`${baseUrl}/signers`, { method: 'POST', headers, body });
    },
    async statusOf(id: string) {
      const response = await fetch(`${baseUrl}/signature-requests/${id}`, { headers });
      return ((await response.json()) as { status: string }).status;
    },
  };
}

test.concurrent('finds a citizen', async ({ sandbox }) => {
  const response = await clientOf(sandbox.url).findSigner('SPNDNL80R13C555X');
  expect(response.status).toBe(200);
});

test.concurrent('shows a signature when the trust provider has finished', async ({ sandbox }) => {
  const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
  const id = requests[0]?.id ?? '';
  const client = clientOf(sandbox.url);

  sandbox.citizen.sign(id);
  expect(await client.statusOf(id)).toBe('WAIT_FOR_SIGNATURE');
  await sandbox.clock.advance(2 * 60_000);
  expect(await client.statusOf(id)).toBe('SIGNED');
});

test.concurrent('is rate limited once', async ({ sandbox }) => {
  sandbox.faults.add({ kind: 'rate-limit', operation: 'getSignerByFiscalCode', count: 1 });
  const client = clientOf(sandbox.url);
  expect((await client.findSigner('SPNDNL80R13C555X')).status).toBe(429);
  expect((await client.findSigner('SPNDNL80R13C555X')).status).toBe(200);
});

test.concurrent('sends an invalid fiscal code intentionally', async ({ sandbox }) => {
  const response = await clientOf(sandbox.url).findSigner('not-a-fiscal-code');
  expect(response.status).toBe(422);
  // Cleared here, so that closing the sandbox does not throw.
  expect(sandbox.takeViolations()).toMatchObject([{ operationId: 'getSignerByFiscalCode' }]);
});
