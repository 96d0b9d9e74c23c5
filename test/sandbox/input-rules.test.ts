import { describe, expect, test } from 'vitest';
import { NO_CONTENT, badRequest, failure, invalid, notFound, shown, success } from './support-answers.ts';
import { FIELD, FISCAL_CODE, issuerOf, START, sandboxForTest } from './support-issuer.ts';

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const dossier = (change: object) => ({
  title: 'Dossier',
  documents_metadata: [{ title: 'Contratto' }],
  ...change,
});
const document = (change: object) => dossier({ documents_metadata: [{ title: 'Contratto', ...change }] });
const field = (change: object) => document({ signature_fields: [{ ...FIELD, ...change }] });
const clause = (change: object) => field({ clause: { ...FIELD.clause, ...change } });
const box = (change: object) => field({ attrs: { ...FIELD.attrs, ...change } });

describe('a dossier', () => {
  // Conforms (Dossiers, service): Title of 1 character or more; document titles of 3 to 60; clause titles of 5
  // to 79; any number as coordinate; page and size 0 or more.
  test.each([
    ['a title of one character', dossier({ title: 'x' })],
    ['a title of 1000 characters', dossier({ title: 'x'.repeat(1_000) })],
    ['a support address', dossier({ support_email: 'urp@example.it' })],
    ['a document title of 3 characters', document({ title: 'abc' })],
    ['a document title of 60 characters', document({ title: 'x'.repeat(60) })],
    ['no signature fields', document({})],
    ['an empty list of signature fields', document({ signature_fields: [] })],
    ['a clause title of 5 characters', clause({ title: '12345' })],
    ['a clause title of 79 characters', clause({ title: 'x'.repeat(79) })],
    ['an unfair clause alone', clause({ type: 'UNFAIR' })],
    ['a named field', field({ attrs: { unique_name: 'S' } })],
    ['negative and fractional coordinates', box({ coordinates: { x: -1.5, y: 0.25 } })],
    ['a size of 0 and a fractional page', box({ size: { w: 0, h: 0 }, page: 0.5 })],
    ['unknown members', dossier({ unknown: 1 })],
  ])('is accepted with %s', async (_, body) => {
    const issuer = issuerOf(await sandboxForTest());
    expect(await issuer.call('POST', '/dossiers', body)).toMatchObject({ status: 201 });
  });

  // Conforms (Dossiers, service): An invalid body is a 422 with the violations of the service; at
  // least one clause must not be optional.
  // Conforms (Dossiers, service): null is not absent: null for an optional member is a 422.
  test.each([
    ['an empty title', dossier({ title: '' }), 'Invalid value "" supplied to : non empty string'],
    [
      'no title',
      dossier({ title: undefined }),
      'Invalid value undefined supplied to : Exact<CreateDossierBody>/0: { title: string, documents_metadata: array of DocumentMetadata }/title: string',
    ],
    ['a title that is null', dossier({ title: null }), '/title: string'],
    [
      'no documents',
      dossier({ documents_metadata: [] }),
      'Invalid value [] supplied to : NonEmptyArray<pipe(Exact<DocumentMetadata>, DocumentMetadataFromApiModel)>',
    ],
    ['an address without a top-level domain', dossier({ support_email: 'urp@localhost' }), '/support_email:'],
    ['an address with a display name', dossier({ support_email: 'URP <urp@example.it>' }), '/support_email:'],
    [
      'an address with an accented local part',
      dossier({ support_email: 'può@example.it' }),
      '/support_email:',
    ],
    ['an address that is null', dossier({ support_email: null }), '/support_email:'],
    ['an empty address', dossier({ support_email: '' }), '/support_email:'],
    ['a document title of 2 characters', document({ title: 'ab' }), 'string of length >= 3 and < 61'],
    [
      'a document title of 61 characters',
      document({ title: 'x'.repeat(61) }),
      'string of length >= 3 and < 61',
    ],
    ['signature fields that are null', document({ signature_fields: null }), '/signature_fields:'],
    ['a clause title of 4 characters', clause({ title: '1234' }), 'string of length >= 5 and < 81'],
    [
      'a clause title of 80 characters',
      clause({ title: 'x'.repeat(80) }),
      `Invalid value "${'x'.repeat(80)}" supplied to : string of length >= 5 and < 80`,
    ],
    [
      'optional clauses only',
      field({ clause: { title: 'Facoltativa', type: 'OPTIONAL' }, attrs: { unique_name: 'S' } }),
      'Invalid value [{"clause":{"title":"Facoltativa","type":"OPTIONAL"},"attributes":{"uniqueName":"S"}}] supplied to : SignatureFields',
    ],
    ['an unknown clause type', clause({ type: 'MANDATORY' }), '/type: type'],
    [
      'an empty field name',
      field({ attrs: { unique_name: '' } }),
      'Invalid value "" supplied to : non empty string',
    ],
    [
      'an empty field name beside a box',
      box({ unique_name: '' }),
      'Invalid value "" supplied to : non empty string',
    ],
    ['coordinates that are text', box({ coordinates: { x: '1', y: 2 } }), '/x: number'],
    ['a negative page', box({ page: -1 }), '/page: number >= 0'],
    ['a negative size', box({ size: { w: -1, h: 1 } }), '/w: number >= 0'],
  ])('is refused with %s', async (_, body, words) => {
    const sandbox = await sandboxForTest();
    const isWhole = words.startsWith('Invalid value');
    expect(shown(await issuerOf(sandbox).call('POST', '/dossiers', body))).toEqual(
      invalid(isWhole ? [words] : expect.arrayContaining([expect.stringContaining(words)])),
    );
    expect(sandbox.takeViolations().every(({ direction }) => direction === 'request')).toBe(true);
  });

  // Conforms (Dossiers, service): Unknown members are dropped; of both kinds of attrs unique_name wins.
  test('drops unknown members, and a box beside a field name', async () => {
    const issuer = issuerOf(await sandboxForTest());
    const attrs = { ...FIELD.attrs, unique_name: 'S' };
    const answer = await issuer.call('POST', '/dossiers', { ...field({ attrs, extra: 1 }), extra: 1 });
    expect(answer.body).not.toHaveProperty('extra');
    expect(answer.body).toMatchObject({
      documents_metadata: [{ signature_fields: [{ clause: FIELD.clause, attrs: { unique_name: 'S' } }] }],
    });
    expect(JSON.stringify(answer.body)).not.toMatch(/extra|coordinates/);
  });
});

const BODY = 'Exact<CreateDossierBody>';
const LIST = `${BODY}/0: { title: string, documents_metadata: array of DocumentMetadata }/documents_metadata: array of DocumentMetadata`;
const FIELDS = `${LIST}/0: Exact<DocumentMetadata>/1: Partial<{ signature_fields: array of SignatureField }>/signature_fields: array of SignatureField`;
const FIRST_FIELD = `${FIELDS}/0: Exact<SignatureField>/0: { attrs: SignatureFieldAttrs, clause: Exact<Clause> }`;
const ATTRS = `${FIRST_FIELD}/attrs: SignatureFieldAttrs`;
const CLAUSE = `${FIRST_FIELD}/clause: Exact<Clause>/0: { title: string of length >= 5 and < 81, type: type }`;
const NEW_ATTRS = `${ATTRS}/1: Exact<SignatureFieldToBeCreatedAttrs>/0: { coordinates: Exact<SignatureFieldToBeCreatedAttrsCoordinates>, page: number >= 0, size: Exact<SignatureFieldToBeCreatedAttrsSize> }`;
const NO_NAME = `undefined supplied to : ${ATTRS}/0: Exact<ExistingSignatureFieldAttrs>/0: { unique_name: string }/unique_name: string`;

describe('violations of a dossier', () => {
  // Conforms (Dossiers, service): Violations have exactly the text and order of the service: wrong types deep
  // in a body, several at once, both kinds of attrs if neither fits.
  test.each([
    ['a body that is null', null, [`null supplied to : ${BODY}`]],
    [
      'an invalid address',
      dossier({ support_email: 'urp@localhost' }),
      [
        `"urp@localhost" supplied to : ${BODY}/1: Partial<{ support_email: string that represents an email address }>/support_email: string that represents an email address`,
      ],
    ],
    ['documents that are an object', dossier({ documents_metadata: {} }), [`{} supplied to : ${LIST}`]],
    [
      'a document title of 2 characters, twice',
      dossier({ documents_metadata: [{ title: 'ab' }, { title: 'cd' }] }),
      [0, 1].map(
        (index) =>
          `"${index === 0 ? 'ab' : 'cd'}" supplied to : ${LIST}/${index}: Exact<DocumentMetadata>/0: { title: string of length >= 3 and < 61 }/title: string of length >= 3 and < 61`,
      ),
    ],
    [
      'signature fields that are null',
      document({ signature_fields: null }),
      [`null supplied to : ${FIELDS}`],
    ],
    [
      'a field that is empty',
      document({ signature_fields: [{}] }),
      [
        `undefined supplied to : ${ATTRS}/0: Exact<ExistingSignatureFieldAttrs>`,
        `undefined supplied to : ${ATTRS}/1: Exact<SignatureFieldToBeCreatedAttrs>`,
        `undefined supplied to : ${FIRST_FIELD}/clause: Exact<Clause>`,
      ],
    ],
    [
      'a clause without valid members',
      clause({ title: '1234', type: 'MANDATORY' }),
      [
        `"1234" supplied to : ${CLAUSE}/title: string of length >= 5 and < 81`,
        `"MANDATORY" supplied to : ${CLAUSE}/type: type`,
      ],
    ],
    [
      'a box without valid members',
      box({ coordinates: { x: '1' }, page: -1, size: { w: -1, h: null } }),
      [
        NO_NAME,
        `"1" supplied to : ${NEW_ATTRS}/coordinates: Exact<SignatureFieldToBeCreatedAttrsCoordinates>/0: { x: number, y: number }/x: number`,
        `undefined supplied to : ${NEW_ATTRS}/coordinates: Exact<SignatureFieldToBeCreatedAttrsCoordinates>/0: { x: number, y: number }/y: number`,
        `-1 supplied to : ${NEW_ATTRS}/page: number >= 0`,
        `-1 supplied to : ${NEW_ATTRS}/size: Exact<SignatureFieldToBeCreatedAttrsSize>/0: { w: number >= 0, h: number >= 0 }/w: number >= 0`,
        `null supplied to : ${NEW_ATTRS}/size: Exact<SignatureFieldToBeCreatedAttrsSize>/0: { w: number >= 0, h: number >= 0 }/h: number >= 0`,
      ],
    ],
    [
      'clause titles of 80 characters in two documents',
      dossier({
        documents_metadata: ['Uno', 'Due'].map((title) => ({
          title,
          signature_fields: [{ ...FIELD, clause: { ...FIELD.clause, title: 'x'.repeat(80) } }],
        })),
      }),
      ['Uno', 'Due'].map(() => `"${'x'.repeat(80)}" supplied to : string of length >= 5 and < 80`),
    ],
  ])('have the text of the service for %s', async (_, body, violations) => {
    const sandbox = await sandboxForTest();
    expect(shown(await issuerOf(sandbox).call('POST', '/dossiers', body))).toEqual(
      invalid(violations.map((violation) => `Invalid value ${violation}`)),
    );
    sandbox.takeViolations();
  });
});

// Conforms (Errors, service): A number too large for JSON, and a year of five digits, are stored but cannot be read
// back: 500, CosmosDatabaseError.
describe('a value that the database cannot return is a 500:', () => {
  const huge = (change: object) => JSON.stringify(box(change)).replaceAll('"huge"', '1e400');
  test.each([
    ['a coordinate', '/dossiers', huge({ coordinates: { x: 'huge', y: 1 } })],
    ['a page', '/dossiers', huge({ page: 'huge' })],
    ['a height', '/dossiers', huge({ size: { w: 1, h: 'huge' } })],
    [
      'a coordinate of a request',
      '/signature-requests',
      huge({ coordinates: { x: 1, y: 'huge' } }).replace(
        '"title":"Dossier"',
        '"dossier_id":"ID","signer_id":"s"',
      ),
    ],
    [
      'a year of five digits',
      '/signature-requests',
      '{"dossier_id":"ID","signer_id":"s","expires_at":"9999-12-31T23:59:59-01:00"}',
    ],
  ])('%s', async (_, path, body) => {
    const sandbox = await sandboxForTest();
    const issuer = issuerOf(sandbox);
    const id = await issuer.createDossier();
    expect(shown(await issuer.call('POST', path, body.replace('"ID"', `"${id}"`)))).toEqual(
      failure('CosmosDatabaseError'),
    );
    sandbox.takeViolations();
  });

  test('the end of the last year of four digits is still accepted', async () => {
    const issuer = issuerOf(await sandboxForTest());
    const body = {
      dossier_id: await issuer.createDossier(),
      signer_id: 's',
      expires_at: '9999-12-31T23:59:59.999Z',
    };
    expect(await issuer.call('POST', '/signature-requests', body)).toMatchObject({ status: 201 });
  });
});

// Conforms (Errors, service): A byte order mark before a JSON body or a bare word is ignored.
test('ignores a byte order mark', async () => {
  const sandbox = await sandboxForTest();
  const issuer = issuerOf(sandbox);
  const marked = (body: unknown) => `\uFEFF${typeof body === 'string' ? body : JSON.stringify(body)}`;
  expect(await issuer.call('POST', '/dossiers', marked(dossier({})))).toMatchObject({ status: 201 });
  const signer = await issuer.call('POST', '/signers', marked({ fiscal_code: FISCAL_CODE }));
  expect(signer).toMatchObject({ status: 200 });
  const request = { dossier_id: await issuer.createDossier(), signer_id: 's' };
  expect(await issuer.call('POST', '/signature-requests', marked(request))).toMatchObject({ status: 201 });
  for (const word of ['READY', '"READY"']) {
    const { id } = await issuer.createReadyToSend();
    expect(shown(await issuer.setStatus(id, marked(word)))).toEqual(NO_CONTENT);
  }
  expect(sandbox.violations).toEqual([]);
  const [entry] = sandbox.journal.entries({ operationId: 'getSignerByFiscalCode' });
  expect(entry?.requestBody).toHaveProperty('json.fiscal_code');
});

// Conforms (Errors, service): A JSON body that does not parse is read as undefined: 422.
test.each([
  ['/dossiers', 'CreateDossierBody'],
  ['/signers', 'GetSignerByFiscalCodeBody'],
  ['/signature-requests', 'CreateSignatureRequestBody'],
])('%s refuses a body that is not JSON', async (path, type) => {
  const sandbox = await sandboxForTest();
  expect(shown(await issuerOf(sandbox).call('POST', path, '{"title":'))).toEqual(
    invalid([`Invalid value undefined supplied to : Exact<${type}>`]),
  );
  expect(sandbox.takeViolations()).toHaveLength(1);
});

const PATTERN =
  'string that matches the pattern "^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$"';

describe('a fiscal code', () => {
  // Conforms (Signers, service): Fiscal codes with omocodia and with a wrong check character are accepted.
  test.each(['SPNDNL80R13C555X', 'AAABBB00A00A000A', 'SPNDNLULRMPCRRRX'])(
    '%s is accepted',
    async (fiscal_code) => {
      const issuer = issuerOf(await sandboxForTest());
      expect(shown(await issuer.call('POST', '/signers', { fiscal_code }))).toEqual(
        success(200, { id: expect.stringMatching(UUID) }),
      );
    },
  );

  // Conforms (Signers, service): Lower case, other lengths and impossible months are refused.
  // Conforms (Signers, service): A wrong fiscal code is a 422 that names the pattern.
  test.each([
    'spndnl80r13c555x',
    'SPNDNL80R13C555',
    'SPNDNL80R13C555XX',
    'SPNDNL80F13C555X',
    'SPNDNL8OR13C555X',
    '',
    null,
    undefined,
  ])('%s is refused', async (fiscal_code) => {
    const sandbox = await sandboxForTest();
    expect(shown(await issuerOf(sandbox).call('POST', '/signers', { fiscal_code }))).toEqual(
      invalid([
        `Invalid value ${JSON.stringify(fiscal_code) ?? 'undefined'} supplied to : Exact<GetSignerByFiscalCodeBody>/0: { fiscal_code: ${PATTERN} }/fiscal_code: ${PATTERN}`,
      ]),
    );
    expect(sandbox.takeViolations()).toHaveLength(1);
  });
});

describe('a signature request', () => {
  // The clock of the sandbox is frozen at 2026-03-05T09:14:07.412Z.
  // Conforms (Signature requests, service): expires_at takes Z, an offset or nothing, any fraction, days that
  // roll over, any future; 90 days if left out.
  test.each([
    [undefined, '2026-06-03T09:14:07.412Z'],
    ['2026-03-05T09:14:07.413Z', '2026-03-05T09:14:07.413Z'],
    ['2026-06-30T21:59:59Z', '2026-06-30T21:59:59.000Z'],
    ['2026-06-30T21:59:59.123456789Z', '2026-06-30T21:59:59.123Z'],
    ['2026-06-30T23:59:59+02:00', '2026-06-30T21:59:59.000Z'],
    ['2026-06-30T21:59:59', '2026-06-30T21:59:59.000Z'],
    ['2027-02-31T00:00:00Z', '2027-03-03T00:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ])('with expires_at %s expires at %s', async (expires_at, expected) => {
    const issuer = issuerOf(await sandboxForTest({ frozenAt: START }));
    const dossier_id = await issuer.createDossier();
    const answer = await issuer.call('POST', '/signature-requests', {
      dossier_id,
      signer_id: 's',
      expires_at,
    });
    expect(answer).toMatchObject({ status: 201, body: { expires_at: expected } });
  });

  // Conforms (Signature requests, service): expires_at without a time or seconds is a 422.
  test.each(['2026-06-30', '2026-06-30T21:59Z', 'yesterday', '2026-13-01T00:00:00Z', '', null, 1])(
    'is refused with expires_at %j',
    async (expires_at) => {
      const sandbox = await sandboxForTest();
      const issuer = issuerOf(sandbox);
      const body = { dossier_id: await issuer.createDossier(), signer_id: 's', expires_at };
      expect(shown(await issuer.call('POST', '/signature-requests', body))).toEqual(
        invalid(
          ['0: UtcOnlyIsoDateFromString', '1: TimezoneOnlyIsoDateFromString'].map(
            (form) =>
              `Invalid value ${JSON.stringify(expires_at)} supplied to : Exact<CreateSignatureRequestBody>/1: Partial<{ expires_at: IsoDateFromString, documents_metadata: array of DocumentMetadata }>/expires_at: IsoDateFromString/${form}`,
          ),
        ),
      );
      sandbox.takeViolations();
    },
  );

  // Conforms (Signature requests, service): A deadline that is not after the creation is a 400, Invalid expire
  // date.
  test('cannot expire at the moment of its creation, and the dossier is looked up first', async () => {
    const sandbox = await sandboxForTest({ frozenAt: START });
    const { clock } = sandbox;
    const issuer = issuerOf(sandbox);
    const now = new Date(clock.now()).toISOString();
    const known = { dossier_id: await issuer.createDossier(), signer_id: 's', expires_at: now };
    expect(shown(await issuer.call('POST', '/signature-requests', known))).toEqual(
      badRequest('Invalid expire date.'),
    );
    expect(shown(await issuer.call('POST', '/signature-requests', { ...known, dossier_id: 'd' }))).toEqual(
      notFound('The specified dossier was not found'),
    );
  });

  // Conforms (Signature requests, service): documents_metadata of a request replaces the dossier's.
  test('replaces the documents of the dossier with its own', async () => {
    const issuer = issuerOf(await sandboxForTest());
    const dossier_id = await issuer.createDossier();
    const documents_metadata = [{ title: 'Uno' }, { title: 'Due' }];
    const answer = await issuer.call('POST', '/signature-requests', {
      dossier_id,
      signer_id: 's',
      documents_metadata,
    });
    expect(answer.body).toMatchObject({
      documents: [{ metadata: { title: 'Uno', signature_fields: [] } }, { metadata: { title: 'Due' } }],
    });
  });

  // Conforms (Signature requests, service): Documents of its own keep the rules of a dossier's, before the dossier is
  // looked up.
  test.each([
    [
      [],
      'Invalid value [] supplied to : NonEmptyArray<pipe(Exact<DocumentMetadata>, DocumentMetadataFromApiModel)>',
    ],
    [[{ title: 'ab' }], expect.stringContaining('/title: string of length >= 3 and < 61')],
    [
      [
        {
          title: 'Contratto',
          signature_fields: [
            { clause: { title: 'Facoltativa', type: 'OPTIONAL' }, attrs: { unique_name: 'S' } },
          ],
        },
      ],
      'Invalid value [{"clause":{"title":"Facoltativa","type":"OPTIONAL"},"attributes":{"uniqueName":"S"}}] supplied to : SignatureFields',
    ],
    [null, expect.stringContaining('/documents_metadata: ')],
  ])('is refused with the documents %j', async (documents_metadata, violation) => {
    const sandbox = await sandboxForTest();
    const body = { dossier_id: 'nope', signer_id: 's', documents_metadata };
    expect(shown(await issuerOf(sandbox).call('POST', '/signature-requests', body))).toEqual(
      invalid([violation]),
    );
    sandbox.takeViolations();
  });

  // Conforms (Signature requests, service): Missing ids are a 422 with the path of the decoder.
  test('is refused without ids, in the words of the service', async () => {
    const sandbox = await sandboxForTest();
    const answer = await issuerOf(sandbox).call('POST', '/signature-requests', { signer_id: 's' });
    expect(shown(answer)).toEqual(
      invalid([
        'Invalid value undefined supplied to : Exact<CreateSignatureRequestBody>/0: { dossier_id: non empty string, signer_id: non empty string }/dossier_id: non empty string',
      ]),
    );
    sandbox.takeViolations();
  });
});

describe('a status', () => {
  // Conforms (Signature requests, service): The status is a bare JSON string; READY is read with and without
  // quotes.
  test.each(['READY', '"READY"', '"READY"\n', ' "READY" '])('%j is read as READY', async (body) => {
    const issuer = issuerOf(await sandboxForTest());
    const { id } = await issuer.createReadyToSend();
    expect(shown(await issuer.setStatus(id, body))).toEqual(NO_CONTENT);
  });

  // Conforms (Signature requests, service): Any other body is a 422, an object and a line end after a bare word
  // too.
  test.each([
    ['"foo"', 'Invalid value "foo" supplied to : SetSignatureRequestStatusBody'],
    ['READY\n', 'Invalid value "READY\\n" supplied to : SetSignatureRequestStatusBody'],
    ['{"status":"READY"}', 'Invalid value {"status":"READY"} supplied to : SetSignatureRequestStatusBody'],
    ['"ready"', 'Invalid value "ready" supplied to : SetSignatureRequestStatusBody'],
  ])('%j is refused', async (body, violation) => {
    const sandbox = await sandboxForTest();
    const issuer = issuerOf(sandbox);
    const { id } = await issuer.createRequest();
    expect(shown(await issuer.setStatus(id, body))).toEqual(invalid([violation]));
    expect(sandbox.takeViolations()).toHaveLength(1);
  });
});
