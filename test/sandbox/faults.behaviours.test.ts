import { describe, expect, test } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { issuerOf } from './support-issuer.ts';
import { waitingRequest } from './support-signing.ts';
import { repeatable, readWith, uploadWith } from './support-faults.ts';

describe('inside the service', () => {
  test('validation never finishes', async () => {
    const { sandbox, issuer, request, put } = await uploadWith({
      kind: 'validation-never-finishes',
      count: 1,
    });
    await put();
    expect(sandbox.journal.entries({ operationId: 'putBlob' })).toMatchObject([{ faults: ['fault-1'] }]);
    await sandbox.clock.advance(3_600_000);
    expect((await issuer.read(request.id)).documents).toMatchObject([{ status: 'WAIT_FOR_UPLOAD' }]);
    await issuer.upload(request, await makePdf());
    await sandbox.clock.advance(60_000);
    expect((await issuer.read(request.id)).documents).toMatchObject([{ status: 'READY' }]);
  });

  test('a valid file cannot be copied, and the next one can', async () => {
    const { sandbox, issuer, request, put } = await uploadWith({ kind: 'copy-fails', count: 1 });
    await put();
    await sandbox.clock.advance(60_000);
    expect((await issuer.read(request.id)).documents).toMatchObject([
      { status: 'REJECTED', reject_reason: 'Error on blob copy process' },
    ]);
    await issuer.upload(request, await makePdf());
    await sandbox.clock.advance(60_000);
    expect((await issuer.read(request.id)).documents).toMatchObject([{ status: 'READY' }]);
  });

  test('READY never becomes WAIT_FOR_SIGNATURE', async () => {
    const { sandbox, issuer, request, put } = await uploadWith({ kind: 'never-waits-for-signature' });
    await put();
    await sandbox.clock.advance(60_000);
    expect(await issuer.setStatus(request.id, 'READY')).toMatchObject({ status: 204 });
    await sandbox.clock.advance(3_600_000);
    expect((await issuer.read(request.id)).status).toBe('READY');
  });

  test('every key is refused during a back office outage, but signers are found', async () => {
    const { sandbox, read } = await readWith({ kind: 'back-office-outage' });
    const answer = await read();
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('x-sandbox-fault')).toBe('fault-1');
    expect(await answer.json()).toEqual({
      title: 'Unauthorized',
      status: 401,
      detail: 'You must provide a valid API key to access this resource.',
    });
    const signer = await issuerOf(sandbox).call('POST', '/signers', { fiscal_code: 'SPNDNL80R13C555X' });
    expect(signer.status).toBe(200);
    expect(signer.headers.get('x-sandbox-fault')).toBeNull();
  });

  test('a cancel loses the race: cancelled for the issuer, signed for the citizen', async () => {
    const { sandbox, issuer, request, put } = await uploadWith({ kind: 'cancel-loses-race' });
    await put();
    await sandbox.clock.advance(60_000);
    await issuer.setStatus(request.id, 'READY');
    await sandbox.clock.advance(60_000);
    const cancelled = await issuer.setStatus(request.id, 'CANCELLED');
    expect(cancelled.status).toBe(204);
    expect(cancelled.headers.get('x-sandbox-fault')).toBe('fault-1');
    await sandbox.clock.advance(3_600_000);
    expect((await issuer.read(request.id)).status).toBe('CANCELLED');
    expect(sandbox.citizen.statusOf(request.id)).toBe('SIGNED');
  });

  const serverError = (detail: string) => ({
    status: 500,
    body: { title: 'Internal Server Error', status: 500, detail },
  });

  test('READY is stored, its message is lost, and a retry is refused', async () => {
    const { sandbox, issuer, request, put } = await uploadWith({ kind: 'queue-outage', count: 1 });
    await put();
    await sandbox.clock.advance(60_000);
    const marked = await issuer.setStatus(request.id, 'READY');
    expect(marked).toMatchObject(serverError('RestError'));
    expect(marked.headers.get('x-sandbox-fault')).toBe('fault-1');
    await sandbox.clock.advance(3_600_000);
    expect((await issuer.read(request.id)).status).toBe('READY');
    expect(await issuer.setStatus(request.id, 'READY')).toMatchObject({ status: 400 });
  });

  test('CANCELLED is stored, its message is lost, and the citizen can still sign', async () => {
    const { issuer, sandbox, id: sent } = await waitingRequest();
    // A seeded request has no record of the citizen before it is needed.
    const { requests } = await sandbox.seed({ requests: [{ status: 'WAIT_FOR_SIGNATURE' }] });
    for (const id of [sent, requests[0]?.id ?? '']) {
      sandbox.faults.add({ kind: 'queue-outage', count: 1 });
      expect(await issuer.setStatus(id, 'CANCELLED')).toMatchObject(serverError('RestError'));
      await sandbox.clock.advance(3_600_000);
      expect((await issuer.read(id)).status).toBe('CANCELLED');
      expect(sandbox.citizen.statusOf(id)).toBe('WAIT_FOR_SIGNATURE');
    }
  });

  test('a message is sent and not recorded, so that another one can be sent', async () => {
    const { sandbox, issuer, id } = await waitingRequest();
    sandbox.faults.add({ kind: 'notification-not-recorded', count: 1 });
    expect(await issuer.notify(id)).toMatchObject(serverError('CosmosDatabaseError'));
    const { body } = await issuer.call('GET', `/signature-requests/${id}`);
    expect(body).not.toHaveProperty('notification');
    expect(await issuer.notify(id)).toMatchObject({ status: 200 });
  });

  test('the tokenizer is rate limited, for a signer and for a notification', async () => {
    const { sandbox, issuer, id } = await waitingRequest();
    sandbox.faults.add({ kind: 'tokenizer-limit', count: 2 });
    const limit = {
      status: 429,
      body: { title: 'Too many request', status: 429, detail: 'Rate limit excedeed.' },
    };
    const find = () => issuer.call('POST', '/signers', { fiscal_code: 'SPNDNL80R13C555X' });
    expect(await find()).toMatchObject(limit);
    expect(await issuer.notify(id)).toMatchObject(limit);
    expect([(await find()).status, (await issuer.notify(id)).status]).toEqual([200, 200]);
  });

  test('a last page has a token, and the next page is empty', async () => {
    const sandbox = await repeatable();
    const { requests } = await sandbox.seed({ requests: [{ count: 30 }] });
    const dossier = requests[0]?.dossierId;
    sandbox.faults.add({ kind: 'empty-last-page' });
    const issuer = issuerOf(sandbox);
    const sizes = [];
    let query = '?limit=25';
    for (let page = 0; page < 4; page += 1) {
      const { body } = await issuer.call('GET', `/dossiers/${dossier}/signature-requests${query}`);
      const { items, continuation_token: token } = body as { items: unknown[]; continuation_token?: string };
      sizes.push(items.length);
      if (token === undefined) break;
      query = `?limit=25&continuationToken=${encodeURIComponent(token)}`;
    }
    expect(sizes).toEqual([25, 5, 0]);
    // An empty list is one page: the fault applies after the last items.
    const empty = await issuer.createDossier();
    const { body } = await issuer.call('GET', `/dossiers/${empty}/signature-requests`);
    expect(body).toEqual({ items: [] });
  });
});
