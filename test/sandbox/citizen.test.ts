import { describe, expect, test } from 'vitest';
import { CitizenError, SandboxCitizen } from '../../mocks/sandbox/model/citizen.ts';
import type { Citizen } from '../../mocks/sandbox/model/citizen.ts';
import { DEFAULT_ISSUER } from '../../mocks/sandbox/model/issuers.ts';
import { sendCancellation } from '../../mocks/sandbox/model/signing.ts';
import { SandboxWorld } from '../../mocks/sandbox/model/sandbox-world.ts';
import { FIELD, FISCAL_CODE, START } from './support-issuer.ts';
import { readyRequest, signedRequest, waitingRequest } from './support-signing.ts';

const DAY_MS = 24 * 60 * 60_000;
const iso = (time: number) => new Date(time).toISOString();
const clause = (title: string, type: string) => ({ ...FIELD, clause: { title, type } });

/** The code of the error that `act` throws. */
function codeOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CitizenError) return error.code;
    throw error;
  }
  return 'no error';
}

test('lists the waiting requests of a signer by fiscal code or id, and of no other signer', async () => {
  const { citizen, issuer, id } = await waitingRequest({
    documents: [{ title: 'Contratto', signature_fields: [FIELD, clause('Pubblicità', 'OPTIONAL')] }],
  });
  const { signer_id, expires_at, documents } = await issuer.read(id);
  const waiting = citizen.waiting({ fiscalCode: FISCAL_CODE });
  expect(waiting).toEqual([
    {
      id,
      status: 'WAIT_FOR_SIGNATURE',
      issuerName: 'Comune di Esempio',
      dossierTitle: 'Assunzione',
      documents: [
        {
          id: documents[0]?.id,
          title: 'Contratto',
          clauses: [FIELD.clause, { title: 'Pubblicità', type: 'OPTIONAL' }],
        },
      ],
      expiresAt: new Date(String(expires_at)),
      isExpired: false,
    },
  ]);
  expect(citizen.waiting({ signerId: String(signer_id) })).toEqual(waiting);
  expect(citizen.waiting({ fiscalCode: 'RSSMRA80A01H501U' })).toEqual([]);
});

// Conforms (Signature, service): A signature reaches the issuer a minute later; meanwhile the request stays
// WAIT_FOR_SIGNATURE.
test('a signature takes the trust provider a minute, and reaches the issuer a queue hop later', async () => {
  const { citizen, clock, issuer, id } = await waitingRequest();
  const before = await issuer.read(id);
  citizen.sign(id);
  expect(citizen.statusOf(id)).toBe('WAIT_FOR_QTSP');
  expect(citizen.waiting({ fiscalCode: FISCAL_CODE })).toEqual([]);
  await clock.advance(59_999);
  expect(citizen.statusOf(id)).toBe('WAIT_FOR_QTSP');
  await clock.advance(1);
  expect(citizen.statusOf(id)).toBe('SIGNED');
  // The service never returns WAIT_FOR_QTSP or other data of the citizen's record to the issuer.
  expect(await issuer.read(id)).toEqual(before);
  await clock.advance(4_999);
  expect(await issuer.read(id)).toEqual(before);
  await clock.advance(1);
  const signedAt = iso(clock.now());
  expect(await issuer.read(id)).toMatchObject({
    status: 'SIGNED',
    signed_at: signedAt,
    updated_at: signedAt,
  });
});

// Conforms (Signature, service): REJECTED carries the provider's reason and the time of the citizen's side.
test('a failure of the trust provider carries its reason and the time of the citizen side', async () => {
  const { citizen, clock, issuer, id } = await waitingRequest();
  citizen.sign(id, { outcome: { fails: 'Certificate not issued' } });
  await clock.advance(60_000);
  const rejectedAt = iso(clock.now());
  expect(citizen.statusOf(id)).toBe('REJECTED');
  await clock.advance(5_000);
  expect(await issuer.read(id)).toMatchObject({
    status: 'REJECTED',
    rejected_at: rejectedAt,
    reject_reason: 'Certificate not issued',
    updated_at: iso(clock.now()),
  });
});

// Conforms (Signature, service): A later success does not move the request out of REJECTED.
test('a signature after a failure succeeds for the citizen and changes nothing for the issuer', async () => {
  const { citizen, clock, issuer, id, sandbox } = await waitingRequest();
  citizen.sign(id, { outcome: { fails: 'x' } });
  await clock.advance(65_000);
  const rejected = await issuer.read(id);
  expect(citizen.waiting({ fiscalCode: FISCAL_CODE })).toMatchObject([{ id, status: 'REJECTED' }]);
  citizen.sign(id);
  await clock.advance(65_000);
  expect(citizen.statusOf(id)).toBe('SIGNED');
  expect(await issuer.read(id)).toEqual(rejected);
  expect(sandbox.storedBlobs()).toContainEqual(expect.objectContaining({ container: 'signed-documents' }));
});

describe('a cancellation', () => {
  test('reaches the citizen within five seconds, who cannot sign any more', async () => {
    const { citizen, clock, issuer, id } = await waitingRequest();
    expect(await issuer.setStatus(id, 'CANCELLED')).toMatchObject({ status: 204 });
    await clock.advance(4_999);
    expect(citizen.waiting({ fiscalCode: FISCAL_CODE })).toHaveLength(1);
    await clock.advance(1);
    expect(citizen.statusOf(id)).toBe('CANCELLED');
    expect(citizen.waiting({ fiscalCode: FISCAL_CODE })).toEqual([]);
    expect(codeOf(() => citizen.sign(id))).toBe('WRONG_STATUS');
  });

  // Conforms (Signature, service): A cancellation during a signature ends CANCELLED for the
  // issuer, SIGNED for the citizen.
  test.each([
    ['while the trust provider is at work', (citizen: Citizen, id: string) => citizen.sign(id), undefined],
    [
      'and a signature before it has reached the citizen',
      undefined,
      (citizen: Citizen, id: string) => citizen.sign(id),
    ],
  ])('%s ends CANCELLED for the issuer and SIGNED for the citizen', async (_, before, after) => {
    const { citizen, clock, issuer, id } = await waitingRequest();
    before?.(citizen, id);
    expect(await issuer.setStatus(id, 'CANCELLED')).toMatchObject({ status: 204 });
    after?.(citizen, id);
    const cancelled = await issuer.read(id);
    expect(cancelled.status).toBe('CANCELLED');
    await clock.advance(120_000);
    expect(citizen.statusOf(id)).toBe('SIGNED');
    expect(await issuer.read(id)).toEqual(cancelled);
  });
});

describe('a pending signature', () => {
  // Conforms (Signature, service): A signature that the provider never finishes stays WAIT_FOR_SIGNATURE.
  test.each([
    ['signed' as const, { status: 'SIGNED' }],
    [{ fails: 'Late error' }, { status: 'REJECTED', reject_reason: 'Late error' }],
  ])('stays WAIT_FOR_SIGNATURE for the issuer until it is completed as %j', async (outcome, expected) => {
    const { citizen, clock, issuer, id } = await waitingRequest();
    citizen.sign(id, { outcome: 'pending' });
    await clock.advance(10 * DAY_MS);
    expect(citizen.statusOf(id)).toBe('WAIT_FOR_QTSP');
    expect(await issuer.read(id)).toMatchObject({ status: 'WAIT_FOR_SIGNATURE' });
    citizen.complete(id, outcome);
    await clock.advance(0);
    expect(citizen.statusOf(id)).toBe(expected.status);
    await clock.advance(5_000);
    expect(await issuer.read(id)).toMatchObject(expected);
  });

  test('can be completed before its time', async () => {
    const { citizen, clock, issuer, id } = await waitingRequest();
    citizen.sign(id, { outcome: { fails: 'never seen' } });
    citizen.complete(id, 'signed');
    await clock.advance(120_000);
    expect(await issuer.read(id)).toMatchObject({ status: 'SIGNED' });
  });
});

test('a scheduled outcome does not apply to a later signature', async () => {
  const { citizen, clock, id } = await waitingRequest();
  citizen.sign(id);
  citizen.complete(id, { fails: 'x' });
  await clock.advance(0);
  expect(citizen.statusOf(id)).toBe('REJECTED');
  citizen.sign(id, { outcome: 'pending' });
  await clock.advance(120_000);
  expect(citizen.statusOf(id)).toBe('WAIT_FOR_QTSP');
});

describe('the citizen is refused', () => {
  test('an unknown request, and one that has not reached the citizen, with an instruction', async () => {
    const { citizen, clock, id } = await readyRequest();
    expect(codeOf(() => citizen.sign('nope'))).toBe('UNKNOWN_REQUEST');
    expect(codeOf(() => citizen.statusOf('nope'))).toBe('UNKNOWN_REQUEST');
    expect(() => citizen.sign(id)).toThrow(/is READY and has not reached the citizen: .*WAIT_FOR_SIGNATURE/);
    expect(codeOf(() => citizen.sign(id))).toBe('NOT_REACHED');
    await clock.advance(5_000);
    expect(codeOf(() => citizen.sign(id))).toBe('no error');
  });

  test('a second signature, during the first and after it', async () => {
    const { citizen, clock, id } = await waitingRequest();
    citizen.sign(id);
    expect(codeOf(() => citizen.sign(id))).toBe('WRONG_STATUS');
    await clock.advance(65_000);
    expect(codeOf(() => citizen.sign(id))).toBe('WRONG_STATUS');
    expect(codeOf(() => citizen.complete(id, 'signed'))).toBe('WRONG_STATUS');
  });

  test('a clause that is not among the optional ones, by name', async () => {
    const { citizen, id } = await waitingRequest({
      documents: [{ title: 'Contratto', signature_fields: [FIELD, clause('Pubblicità', 'OPTIONAL')] }],
    });
    expect(() => citizen.sign(id, { clauses: ['Pubblicita'] })).toThrow(
      'no optional clause "Pubblicita". Its optional clauses: "Pubblicità".',
    );
    expect(codeOf(() => citizen.sign(id, { clauses: ['Pubblicita'] }))).toBe('UNKNOWN_CLAUSE');
    expect(codeOf(() => citizen.sign(id, { clauses: ['Pubblicità'] }))).toBe('no error');
  });

  test('files that were deleted 90 days after their upload', async () => {
    const expiresAt = new Date(START.getTime() + 200 * DAY_MS);
    const { citizen, clock, id } = await waitingRequest({ expiresAt });
    await clock.advance(90 * DAY_MS);
    expect(codeOf(() => citizen.sign(id))).toBe('FILES_DELETED');
  });
});

test('files that are deleted while the trust provider is at work make the signature fail', async () => {
  const { citizen, clock, issuer, id } = await waitingRequest({
    expiresAt: new Date(START.getTime() + 200 * DAY_MS),
  });
  citizen.sign(id, { outcome: 'pending' });
  await clock.advance(90 * DAY_MS);
  citizen.complete(id, 'signed');
  await clock.advance(5_000);
  expect(await issuer.read(id)).toMatchObject({
    status: 'REJECTED',
    reject_reason: 'Signed document not found!',
  });
});

// Conforms (Signature, service): Only the app enforces expires_at: status, notification and cancellation do not
// know it.
test('an expired request cannot be signed, and can still be notified and cancelled', async () => {
  const expiresAt = new Date(START.getTime() + DAY_MS);
  const { citizen, clock, issuer, id } = await waitingRequest({ expiresAt });
  await clock.advance(expiresAt.getTime() - clock.now());
  expect(citizen.waiting({ fiscalCode: FISCAL_CODE })).toMatchObject([{ id, isExpired: true }]);
  expect(() => citizen.sign(id)).toThrow('Create one with a later expires_at');
  expect(codeOf(() => citizen.sign(id))).toBe('EXPIRED');
  expect(await issuer.read(id)).toMatchObject({ status: 'WAIT_FOR_SIGNATURE' });
  expect(await issuer.notify(id)).toMatchObject({ status: 200 });
  expect(await issuer.setStatus(id, 'CANCELLED')).toMatchObject({ status: 204 });
});

test('the notification survives the signature', async () => {
  const { citizen, clock, issuer, id } = await waitingRequest();
  const { body } = await issuer.notify(id);
  citizen.sign(id);
  await clock.advance(65_000);
  expect(await issuer.read(id)).toMatchObject({ status: 'SIGNED', notification: body });
});

/** A sandbox with a seeded request in WAIT_FOR_SIGNATURE. */
function worldWithRequest() {
  const world = new SandboxWorld({
    timeScale: 1,
    frozenAt: START.getTime(),
    onBug: (error) => expect.fail(String(error)),
  });
  const times = { createdAt: 0, updatedAt: 0, expiresAt: START.getTime() + DAY_MS };
  world.store.requests.set('r', {
    id: 'r',
    issuerId: DEFAULT_ISSUER.id,
    environment: 'prod',
    dossierId: 'd',
    signerId: 's',
    status: 'WAIT_FOR_SIGNATURE',
    documents: [],
    ...times,
  });
  return { world, citizen: new SandboxCitizen(world) };
}

test('a cancellation of a seeded request also reaches the citizen after a delay', async () => {
  const { world, citizen } = worldWithRequest();
  const request = world.store.requests.get('r');
  if (request === undefined) throw new Error('There is no request');
  sendCancellation(world, 'r');
  world.store.requests.set('r', { ...request, status: 'CANCELLED', cancelledAt: world.clock.now() });
  expect(citizen.statusOf('r')).toBe('WAIT_FOR_SIGNATURE');
  await world.clock.advance(5_000);
  expect(citizen.statusOf('r')).toBe('CANCELLED');
});

test('a snapshot restores both sides, including signatures in progress', async () => {
  const { world, citizen } = worldWithRequest();
  citizen.sign('r');
  const snapshot = world.snapshot();
  for (let run = 0; run < 2; run += 1) {
    expect(citizen.statusOf('r')).toBe('WAIT_FOR_QTSP');
    await world.clock.advance(65_000);
    expect(citizen.statusOf('r')).toBe('SIGNED');
    expect(world.store.requests.get('r')?.status).toBe('SIGNED');
    world.restore(snapshot);
  }
});

test('a signed request stays signed permanently', async () => {
  const { clock, issuer, id } = await signedRequest();
  await clock.advance(400 * DAY_MS);
  expect(await issuer.read(id)).toMatchObject({ status: 'SIGNED' });
});
