import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startSandbox } from 'sigillo/testing';

/** A sandbox for one test. Closing it throws, and so fails the test, if a call violated the contract. */
async function sandboxFor(t) {
  const sandbox = await startSandbox({ frozenAt: new Date('2026-03-05T09:00:00Z'), seed: 1 });
  t.after(() => sandbox.close());
  return sandbox;
}

const headers = { 'ocp-apim-subscription-key': 'any', 'content-type': 'application/json' };

describe('our client of Firma con IO', { concurrency: true }, () => {
  test('finds a citizen', async (t) => {
    const { url, journal } = await sandboxFor(t);
    const body = JSON.stringify({ fiscal_code: 'SPNDNL80R13C555X' });
    const response = await fetch(`${url}/signers`, { method: 'POST', headers, body });
    assert.equal(response.status, 200);

    const [call] = journal.entries({ operationId: 'getSignerByFiscalCode' });
    assert.deepEqual(call.requestBody, { json: { fiscal_code: 'SPNDNL••••••••••' } });
  });

  test('reads that the signature failed', async (t) => {
    const { url, seed, citizen, clock } = await sandboxFor(t);
    const { requests } = await seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
    const [{ id }] = requests;

    citizen.sign(id, { outcome: { fails: 'Invalid response status from QTSP!' } });
    await clock.advance(2 * 60_000);
    const request = await (await fetch(`${url}/signature-requests/${id}`, { headers })).json();
    assert.equal(request.status, 'REJECTED');
  });
});
