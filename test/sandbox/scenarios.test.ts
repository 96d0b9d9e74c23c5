import { describe, expect, test } from 'vitest';
import { MAGIC_VALUES } from '../../mocks/sandbox/model/scenarios.ts';
import { makePdf } from '../support/pdf.ts';
import { FORBIDDEN, badRequest, failure, notFound, shown, tooMany } from './support-answers.ts';
import { FIELD, START, issuerOf, sandboxForTest } from './support-issuer.ts';
import { A_MINUTE_MS, readyRequest, waitingRequest } from './support-signing.ts';

const notInIo = notFound('User profile not found!');
const notAllowed = badRequest('You are not allowed to issue requests for this user!');
const profileError = badRequest('An error occurred while getting the profile!');
const messagesOff = badRequest('It is not allowed to send a message to this user.');

const SIGNER_ANSWERS = {
  SNZAPP80A01H501C: notInIo,
  NONAMM80A01H501U: notAllowed,
  PRFERR80A01H501Y: profileError,
  TKNLMT80A01H501C: tooMany('Rate limit excedeed.'),
  LMTAPP80A01H501K: tooMany('Too many requests!'),
  SPNAPP80A01H501B: failure('Error'),
  NONTST80A01H501O: FORBIDDEN,
};
const NOTIFICATION_ANSWERS = {
  XMSOFF80A01H501R: messagesOff,
  NTFAPP80A01H501G: notInIo,
  NTFAMM80A01H501S: notAllowed,
  NTFPRF80A01H501Q: profileError,
  NTFERR80A01H501R: badRequest('An error occurred while sending the message!'),
  NTFTKN80A01H501W: tooMany('Rate limit excedeed.'),
  NTFLMT80A01H501K: tooMany('Too many requests!'),
  NTFCNS80A01H501C: failure('The message cannot be delivered.'),
  NTFSPN80A01H501W: failure('Error'),
};

test('this file tests every magic value', () => {
  const proven = [
    ...Object.keys(SIGNER_ANSWERS),
    ...Object.keys(NOTIFICATION_ANSWERS),
    '[rifiutato]',
    '[validazione lenta]',
    '[mai validato]',
    '[mai pronto]',
    '[firma dopo 10 s]',
    '[firma fallita dopo 10 s]',
    '[firma sospesa dopo 10 s]',
    '[firma fallita]',
    '[firma sospesa]',
    '[annullo tardivo]',
    '[link assente]',
  ];
  expect(MAGIC_VALUES.map(({ value }) => value).sort()).toEqual(proven.sort());
  for (const { effect } of MAGIC_VALUES) expect(effect).toMatch(/^[A-Z].*\.$/);
});

describe('a fiscal code', () => {
  test.each(MAGIC_VALUES.filter(({ where }) => where === 'fiscal code').map(({ value }) => value))(
    '%s has a correct check character',
    (fiscalCode) => {
      expect(fiscalCode.at(-1)).toBe(checkCharacter(fiscalCode.slice(0, 15)));
    },
  );

  // Conforms (Signers, service): Each refusal of IO, of the tokenizer and of the gateway, with its status and
  // text.
  test.each(Object.entries(SIGNER_ANSWERS))('%s is not found as a signer', async (fiscal_code, expected) => {
    const sandbox = await sandboxForTest();
    expect(shown(await issuerOf(sandbox).call('POST', '/signers', { fiscal_code }))).toEqual(expected);
  });

  // Conforms (Notification, service): Each refusal of IO, with its status and words; a code that begins with X
  // has messages off.
  test.each([...Object.entries(NOTIFICATION_ANSWERS), ['XAABBB00A00A000A', messagesOff] as const])(
    '%s is found, and not notified',
    async (fiscalCode, expected) => {
      const { issuer, id, citizen, clock } = await waitingRequest({ fiscalCode });
      expect(shown(await issuer.notify(id))).toEqual(expected);
      expect(await issuer.read(id)).not.toHaveProperty('notification');
      // The QR code still opens the request.
      citizen.sign(id);
      await clock.advance(65_000);
      expect(await issuer.read(id)).toMatchObject({ status: 'SIGNED' });
    },
  );

  // Conforms (Notification, service): The status is checked before IO is called.
  test('is checked after the status: a notification in another status is a 422', async () => {
    const { issuer, id } = await readyRequest({ fiscalCode: 'XMSOFF80A01H501R' });
    expect(await issuer.notify(id)).toMatchObject({ status: 422 });
  });

  // Conforms (Notification, service): An unknown signer is a 500 of the notification; a request takes any
  // signer_id.
  test('that is unknown to the tokenizer fails a notification', async () => {
    const sandbox = await sandboxForTest({ frozenAt: START });
    const issuer = issuerOf(sandbox);
    const request = await issuer.createRequest(undefined, { signerId: 'unknown' });
    await issuer.upload(request, await makePdf());
    await sandbox.clock.advance(A_MINUTE_MS);
    await issuer.setStatus(request.id, 'READY');
    await sandbox.clock.advance(A_MINUTE_MS);
    expect(shown(await issuer.notify(request.id))).toEqual(failure('Error'));
  });
});

describe('a document title', () => {
  async function uploaded(title: string, signature_fields: readonly unknown[] = [FIELD]) {
    const sandbox = await sandboxForTest({ frozenAt: START });
    const issuer = issuerOf(sandbox);
    const request = await issuer.createRequest([{ title, signature_fields }]);
    await issuer.upload(request, await makePdf());
    const documentAfter = async (ms: number) => {
      await sandbox.clock.advance(ms);
      return (await issuer.read(request.id)).documents[0];
    };
    return { sandbox, issuer, request, documentAfter };
  }

  test.each([
    [[FIELD], '(Firma del contratto) the field "Firma1" was not found is the uploaded document'],
    [[], '(Firma) the field "Firma1" was not found is the uploaded document'],
    [
      [{ clause: { title: 'Clausola', type: 'UNFAIR' }, attrs: { unique_name: 'S' } }],
      '(Clausola) the field "S" was not found is the uploaded document',
    ],
  ])('[rifiutato] rejects any file: %j', async (fields, reject_reason) => {
    const { documentAfter } = await uploaded('Contratto [Rifiutato]', fields);
    expect(await documentAfter(A_MINUTE_MS)).toMatchObject({ status: 'REJECTED', reject_reason });
  });

  test('[validazione lenta] makes the validation take half a minute', async () => {
    const { documentAfter } = await uploaded('[validazione lenta] Contratto');
    expect(await documentAfter(29_999)).toMatchObject({ status: 'WAIT_FOR_UPLOAD' });
    expect(await documentAfter(1)).toMatchObject({ status: 'READY' });
  });

  test('[mai validato] prevents the validation, and the document keeps waiting', async () => {
    const { documentAfter, sandbox } = await uploaded('Contratto [mai validato]');
    expect(await documentAfter(60 * A_MINUTE_MS)).toMatchObject({ status: 'WAIT_FOR_UPLOAD' });
    expect(sandbox.storedBlobs()).toMatchObject([{ container: 'uploaded-documents' }]);
  });

  test('without a tag has no effect', async () => {
    const { documentAfter } = await uploaded('Contratto rifiutato');
    expect(await documentAfter(3_000)).toMatchObject({ status: 'READY' });
  });
});

describe('a dossier title', () => {
  test('[mai pronto] keeps requests READY', async () => {
    const { issuer, id, clock } = await readyRequest({ title: 'Assunzione [mai pronto]' });
    await clock.advance(60 * A_MINUTE_MS);
    expect(await issuer.read(id)).toMatchObject({ status: 'READY' });
  });

  test.each([
    ['[firma dopo 10 s]', { status: 'SIGNED' }],
    [
      '[firma fallita dopo 10 s]',
      { status: 'REJECTED', reject_reason: 'Invalid response status from QTSP!' },
    ],
    ['[firma sospesa dopo 10 s]', { status: 'WAIT_FOR_SIGNATURE' }],
  ])('%s makes the citizen sign automatically', async (tag, end) => {
    const { issuer, id, clock, citizen } = await waitingRequest({ title: `Assunzione ${tag}` });
    await clock.advance(9_999);
    expect(citizen.statusOf(id)).toBe('WAIT_FOR_SIGNATURE');
    await clock.advance(1);
    expect(citizen.statusOf(id)).toBe('WAIT_FOR_QTSP');
    await clock.advance(64_999);
    expect(await issuer.read(id)).toMatchObject({ status: 'WAIT_FOR_SIGNATURE' });
    await clock.advance(1);
    expect(await issuer.read(id)).toMatchObject(end);
    await clock.advance(60 * A_MINUTE_MS);
    expect(await issuer.read(id)).toMatchObject(end);
  });

  test('[firma dopo 1 s] leads to a signed file without a control call', async () => {
    const issuer = issuerOf(await sandboxForTest());
    const request = await issuer.createRequest(undefined, { title: 'Assunzione [Firma dopo 1 s]' });
    await issuer.upload(request, await makePdf());
    await issuer.until(request.id, ({ documents: [document] }) => document?.status === 'READY');
    await issuer.setStatus(request.id, 'READY');
    const { documents } = await issuer.until(request.id, ({ status }) => status === 'SIGNED');
    expect((await fetch(String(documents[0]?.['url']))).status).toBe(200);
  });

  test.each([
    ['[firma fallita]', 'REJECTED', 'REJECTED'],
    ['[firma sospesa]', 'WAIT_FOR_QTSP', 'WAIT_FOR_SIGNATURE'],
  ])(
    '%s sets the outcome of a signature, unless the signature has its own',
    async (tag, citizenSide, status) => {
      const { issuer, id, clock, citizen } = await waitingRequest({ title: tag });
      await clock.advance(60 * A_MINUTE_MS);
      expect(citizen.statusOf(id)).toBe('WAIT_FOR_SIGNATURE');
      citizen.sign(id);
      await clock.advance(65_000);
      expect(citizen.statusOf(id)).toBe(citizenSide);
      expect(await issuer.read(id)).toMatchObject({ status });

      const other = await waitingRequest({ title: tag });
      other.citizen.sign(other.id, { outcome: 'signed' });
      await other.clock.advance(65_000);
      expect(await other.issuer.read(other.id)).toMatchObject({ status: 'SIGNED' });
    },
  );

  test('a signature, a cancellation or the expiry precludes the automatic signature', async () => {
    const title = '[firma dopo 10 s]';
    const signed = await waitingRequest({ title });
    signed.citizen.sign(signed.id, { outcome: 'pending' });
    await signed.clock.advance(10 * A_MINUTE_MS);
    expect(signed.citizen.statusOf(signed.id)).toBe('WAIT_FOR_QTSP');

    const cancelled = await waitingRequest({ title });
    await cancelled.issuer.setStatus(cancelled.id, 'CANCELLED');
    await cancelled.clock.advance(10 * A_MINUTE_MS);
    expect(cancelled.citizen.statusOf(cancelled.id)).toBe('CANCELLED');

    const expiresAt = new Date(START.getTime() + A_MINUTE_MS + 10_000);
    const expired = await waitingRequest({ title, expiresAt });
    await expired.clock.advance(10 * A_MINUTE_MS);
    expect(expired.citizen.statusOf(expired.id)).toBe('WAIT_FOR_SIGNATURE');
  });

  test('[annullo tardivo] makes a cancellation lose against the signature', async () => {
    const { issuer, id, citizen } = await waitingRequest({ title: 'Assunzione [annullo tardivo]' });
    expect(shown(await issuer.setStatus(id, 'CANCELLED'))).toEqual(
      badRequest('MARK_AS_CANCELLED is prohibited because the signature request has already been signed'),
    );
    const request = await issuer.read(id);
    expect(request.status).toBe('SIGNED');
    expect(citizen.statusOf(id)).toBe('SIGNED');
    expect((await fetch(String(request.documents[0]?.['url']))).status).toBe(200);
  });

  test('[annullo tardivo] has no effect before WAIT_FOR_SIGNATURE', async () => {
    const { issuer, id } = await readyRequest({ title: '[annullo tardivo]' });
    expect(shown(await issuer.setStatus(id, 'CANCELLED'))).toEqual(
      badRequest('MARK_AS_CANCELLED is prohibited if the signature request is in READY status'),
    );
  });

  // Conforms (Signature, service): When no download link can be made, the URL has no signature; there is no
  // error.
  test('[link assente] returns the unsigned URL of signed files, without an error', async () => {
    const { issuer, id, citizen, clock, sandbox } = await waitingRequest({ title: '[link assente]' });
    citizen.sign(id);
    await clock.advance(65_000);
    const [document] = (await issuer.read(id)).documents;
    expect(document?.['url']).toBe(`${sandbox.origin}/iopitnsignst01/signed-documents/${document?.id}`);
    const response = await fetch(String(document?.['url']));
    expect([response.status, response.headers.get('x-ms-error-code')]).toEqual([
      409,
      'PublicAccessNotPermitted',
    ]);
  });
});

/** The 16th character of a fiscal code, by the decree of 23 December 1976. */
function checkCharacter(code: string): string {
  const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
  const sum = [...code].reduce((total, character, index) => {
    const value = /\d/.test(character) ? Number(character) : character.charCodeAt(0) - 65;
    return total + (index % 2 === 0 ? (odd[value] ?? NaN) : value);
  }, 0);
  return String.fromCharCode(65 + (sum % 26));
}
