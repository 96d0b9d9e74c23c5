import { PDFDocument } from 'pdf-lib';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { SeedInput } from '../../mocks/sandbox/data/seed-input.ts';
import { FIELD, START, issuerOf, sandboxForTest } from './support-issuer.ts';
import { control } from './support-control.ts';

/** Ids chosen by the tests. */
const DOSSIER = '01KJYMD75KB7D9F1H3K5N7Q9S0';
const REQUEST = '01KJYMD75KB7D9F1H3K5N7Q9S1';
const DOCUMENT = '01KJYMD75KB7D9F1H3K5N7Q9S2';
const OTHER = '01KJYMD75KB7D9F1H3K5N7Q9S3';

const NOW = START.toISOString();
const frozen = () => sandboxForTest({ frozenAt: START, seed: 1, rateLimit: false });

const ENDED = { createdAt: '2026-03-01T08:00:00.000Z', updatedAt: '2026-03-02T08:00:00.000Z' };
const AT_END = { created_at: ENDED.createdAt, updated_at: ENDED.updatedAt };

test.each([
  ['DRAFT', {}, { created_at: NOW, updated_at: NOW }],
  ['READY', {}, { created_at: NOW }],
  ['WAIT_FOR_SIGNATURE', {}, { qr_code_url: expect.stringContaining('/qrcode.png') }],
  ['WAIT_FOR_SIGNATURE', { notified: true }, { notification: { io_message_id: expect.any(String) } }],
  ['SIGNED', ENDED, { ...AT_END, signed_at: ENDED.updatedAt }],
  [
    'REJECTED',
    ENDED,
    { ...AT_END, rejected_at: ENDED.updatedAt, reject_reason: 'Signed document not found!' },
  ],
  [
    'REJECTED',
    { rejectReason: 'Expired certificate', notified: true },
    { reject_reason: 'Expired certificate' },
  ],
  ['CANCELLED', { ...ENDED, notified: true }, { ...AT_END, cancelled_at: ENDED.updatedAt }],
] as const)('puts a request in %s there, with %j', async (status, given, expected) => {
  const sandbox = await frozen();
  const { requests } = await sandbox.seed({ requests: [{ status, ...given }] });
  const [made] = requests;
  const request = await issuerOf(sandbox).read(made?.id ?? '');
  expect(request).toMatchObject({
    status,
    ...expected,
    dossier_id: made?.dossierId,
    signer_id: made?.signerId,
    documents: [{ id: made?.documentIds[0], status: status === 'DRAFT' ? 'WAIT_FOR_UPLOAD' : 'READY' }],
  });
  expect(await issuerOf(sandbox).call('GET', `/dossiers/${made?.dossierId}`)).toMatchObject({
    status: 200,
    body: { created_at: request['created_at'] },
  });
});

test('creates documents in each of their states', async () => {
  const sandbox = await frozen();
  const documents_metadata = ['Contratto', 'Informativa', 'Allegato', 'Modulo'].map((title) => ({ title }));
  const { requests } = await sandbox.seed({
    dossiers: [{ id: DOSSIER, title: 'Quattro documenti', documents_metadata }],
    requests: [
      {
        dossier: DOSSIER,
        documents: [
          { status: 'READY', id: DOCUMENT },
          { status: 'REJECTED' },
          { status: 'REJECTED', rejectReason: 'Illeggibile' },
        ],
      },
    ],
  });
  expect((await issuerOf(sandbox).read(requests[0]?.id ?? '')).documents).toMatchObject([
    { id: DOCUMENT, status: 'READY', uploaded_at: NOW },
    { status: 'REJECTED', rejected_at: NOW, reject_reason: expect.stringContaining('No PDF header found') },
    { status: 'REJECTED', reject_reason: 'Illeggibile' },
    { status: 'WAIT_FOR_UPLOAD' },
  ]);
});

test('signed requests have real files with the fields of the dossier', async () => {
  const sandbox = await frozen();
  const clause = { title: 'Firma del contratto', type: 'REQUIRED' } as const;
  const { requests } = await sandbox.seed({
    dossiers: [
      {
        id: DOSSIER,
        title: 'Assunzione',
        documents_metadata: [
          {
            title: 'Contratto – però',
            signature_fields: [
              { clause, attrs: { unique_name: 'Firma1' } },
              { clause, attrs: { coordinates: { x: 85, y: 676 }, page: 2, size: { w: 177, h: 77 } } },
            ],
          },
        ],
      },
    ],
    requests: [{ dossier: DOSSIER, status: 'SIGNED' }],
  });
  const { documents } = await issuerOf(sandbox).read(requests[0]?.id ?? '');
  const file = await fetch(z.string().parse(documents[0]?.['url']));
  expect(file.status).toBe(200);
  const pdf = await PDFDocument.load(await file.arrayBuffer());
  expect(pdf.getPageCount()).toBe(3);
  expect(pdf.getForm().getField('Firma1')).toBeDefined();
});

test('seeded requests continue: uploads, READY, notification, signature', async () => {
  const sandbox = await frozen();
  const issuer = issuerOf(sandbox);
  const { requests } = await sandbox.seed({
    requests: [
      { status: 'DRAFT', documents: [{ status: 'READY' }] },
      { status: 'READY' },
      { status: 'WAIT_FOR_SIGNATURE', signer: { fiscalCode: 'AAABBB00A00A000A' } },
    ],
  });
  const [draft = '', ready = '', waiting = ''] = requests.map(({ id }) => id);
  expect((await issuer.setStatus(draft, 'READY')).status).toBe(204);
  await sandbox.clock.advance(10_000);
  expect((await issuer.read(draft)).status).toBe('WAIT_FOR_SIGNATURE');
  expect((await issuer.read(ready)).status).toBe('WAIT_FOR_SIGNATURE');
  expect((await issuer.notify(waiting)).status).toBe(200);
  expect(sandbox.citizen.waiting({ fiscalCode: 'AAABBB00A00A000A' }).map(({ id }) => id)).toEqual([waiting]);
  sandbox.citizen.sign(waiting);
  await sandbox.clock.advance(120_000);
  expect((await issuer.read(waiting)).status).toBe('SIGNED');
});

test('tags in the title of a seeded dossier have their effect', async () => {
  const sandbox = await frozen();
  const documents_metadata = [{ title: 'Contratto' }];
  const { requests } = await sandbox.seed({
    dossiers: [{ id: DOSSIER, title: 'Prova [firma dopo 10 s]', documents_metadata }],
    requests: [{ dossier: DOSSIER, status: 'WAIT_FOR_SIGNATURE' }],
  });
  await sandbox.clock.advance(120_000);
  expect((await issuerOf(sandbox).read(requests[0]?.id ?? '')).status).toBe('SIGNED');
});

test('creates institutions and keys with separate records', async () => {
  const sandbox = await frozen();
  await sandbox.seed({
    issuers: [
      { id: 'comune', name: 'Comune', supportEmail: 'firma@comune.example.it' },
      { id: 'ateneo', name: 'Ateneo', supportEmail: 'firma@ateneo.example.it' },
    ],
    keys: [
      { key: 'comune-prod', issuer: 'comune' },
      { key: 'ateneo-test', issuer: 'ateneo', environment: 'test', testers: ['AAABBB00A00A000A'] },
      { key: 'nowhere', issuer: 'comune', cidrs: ['192.0.2.0/24'] },
    ],
    dossiers: [
      {
        id: DOSSIER,
        issuer: 'comune',
        title: 'Uno',
        documents_metadata: [{ title: 'Contratto', signature_fields: [FIELD] }],
      },
    ],
  } as SeedInput);
  const [comune, ateneo] = [issuerOf(sandbox, 'comune-prod'), issuerOf(sandbox, 'ateneo-test')];
  expect(await comune.call('GET', `/dossiers/${DOSSIER}`)).toMatchObject({
    status: 200,
    body: { support_email: 'firma@comune.example.it' },
  });
  expect((await ateneo.call('GET', `/dossiers/${DOSSIER}`)).status).toBe(404);
  expect((await ateneo.call('POST', '/signers', { fiscal_code: 'SPNDNL80R13C555X' })).status).toBe(403);
  expect((await ateneo.call('POST', '/signers', { fiscal_code: 'AAABBB00A00A000A' })).status).toBe(200);
  expect((await issuerOf(sandbox, 'nowhere').call('GET', `/dossiers/${DOSSIER}`)).status).toBe(403);
  expect((await issuerOf(sandbox).call('GET', `/dossiers/${DOSSIER}`)).status).toBe(401);

  await sandbox.seed({ keys: [{ key: 'comune-prod', issuer: 'comune', status: 'revoked' }] });
  expect((await comune.call('GET', `/dossiers/${DOSSIER}`)).status).toBe(401);
});

test('lists seeded requests in order, with ids of their time of creation', async () => {
  const sandbox = await frozen();
  const { requests } = await sandbox.seed({
    requests: [{ count: 30, createdAt: '2026-01-01T00:00:00Z', expiresAt: '2026-02-01T00:00:00Z' }],
  });
  const ids = requests.map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted());
  // The time part of a ULID made on 1 January.
  expect(new Set(ids.map((id) => id.slice(0, 10)))).toEqual(new Set(['01KDVDNA00']));
  const list = await issuerOf(sandbox).call(
    'GET',
    `/dossiers/${requests[0]?.dossierId}/signature-requests?limit=100`,
  );
  expect(list.body).toMatchObject({ items: ids.map((id) => ({ id })) });
});

test('the same seed on the same frozen clock gives the same response and files', async () => {
  const input: SeedInput = { requests: [{ count: 3, status: 'SIGNED' }, { status: 'DRAFT' }] };
  const [one, other] = [await frozen(), await frozen()];
  expect(await one.seed(input)).toEqual(await other.seed(input));
  expect(one.storedBlobs()).toEqual(other.storedBlobs());
  expect(one.storedBlobs()).toHaveLength(6);
});

const METADATA = [{ title: 'Contratto', signature_fields: [FIELD] }];
const WRONG: readonly (readonly [string, unknown, string])[] = [
  ['an unknown member', { request: [] }, 'input: Unrecognized key: "request"'],
  ['an unknown status', { requests: [{ status: 'EXPIRED' }] }, 'requests[0].status: Invalid option'],
  [
    'an invalid time',
    { requests: [{ createdAt: 'yesterday' }] },
    'requests[0].createdAt: must be a date and time',
  ],
  [
    'the future',
    { requests: [{ createdAt: '2030-01-01T00:00:00Z' }] },
    'requests[0].createdAt: must not be later than the time',
  ],
  [
    'an expiry before its creation',
    { requests: [{ expiresAt: '2026-01-01T00:00:00Z' }] },
    'requests[0].expiresAt: must be after createdAt',
  ],
  [
    'a change before its creation',
    { requests: [{ updatedAt: '2026-01-01T00:00:00Z' }] },
    'requests[0].updatedAt: must not be before createdAt',
  ],
  ['a missing dossier', { requests: [{}, { dossier: 'none' }] }, 'requests[1].dossier: no dossier "none"'],
  ['a missing issuer', { keys: [{ key: 'k', issuer: 'none' }] }, 'keys[0].issuer: no issuer "none"'],
  [
    'an issuer with an invalid address',
    {
      issuers: [
        { name: 'C', supportEmail: 'c@example.it' },
        { name: 'D', supportEmail: 'invalid' },
      ],
    },
    'issuers[1].supportEmail: must be an email address',
  ],
  [
    'an invalid fiscal code of a signer',
    { requests: [{ signer: { fiscalCode: 'invalid' } }] },
    'requests[0].signer.fiscalCode: is not a fiscal code',
  ],
  [
    'a signer of two kinds',
    { requests: [{ signer: { fiscalCode: 'a', id: 'b' } }] },
    'requests[0].signer: must be { fiscalCode } or { id }',
  ],
  [
    'a reason without a rejection',
    { requests: [{ rejectReason: 'x' }] },
    'requests[0].rejectReason: only possible for a REJECTED request',
  ],
  [
    'a message too early',
    { requests: [{ notified: true }] },
    'requests[0].notified: not possible for a request in DRAFT',
  ],
  [
    'documents not ready',
    { requests: [{ status: 'SIGNED', documents: [{ status: 'REJECTED' }] }] },
    'requests[0].documents[0].status: every document of a request in SIGNED must be READY',
  ],
  [
    'too many documents',
    { requests: [{ documents: [{}, {}] }] },
    'requests[0].documents: too many: the dossier has 1',
  ],
  [
    'a document reason without a rejection',
    { requests: [{ documents: [{ rejectReason: 'x' }] }] },
    'requests[0].documents[0].rejectReason: only possible for a REJECTED',
  ],
  ['an id in another format', { requests: [{ id: 'mine' }] }, 'requests[0].id: must be a ULID'],
  ['an id for several requests', { requests: [{ count: 2, id: OTHER }] }, 'requests[0]: with a count'],
  [
    'an id twice',
    { requests: [{ id: OTHER }, { id: OTHER }] },
    `requests[1]: the id "${OTHER}" is already in use`,
  ],
  ['an id in use', { requests: [{ id: REQUEST }] }, `requests[0]: the id "${REQUEST}" is already in use`],
  [
    'a document id in use',
    { requests: [{ documents: [{ id: DOCUMENT }] }] },
    `requests[0]: the id "${DOCUMENT}" is already in use`,
  ],
  [
    'a dossier twice',
    { dossiers: [DOSSIER, DOSSIER].map((id) => ({ id, title: 'Uno', documents_metadata: METADATA })) },
    `dossiers[1].id: dossier "${DOSSIER}" already exists`,
  ],
  [
    'a dossier that the service refuses',
    { dossiers: [{ title: 'Uno', documents_metadata: [{ title: 'x' }] }] },
    'dossiers[0]: Invalid value "x" supplied to',
  ],
  [
    'a dossier with a number that JSON cannot represent',
    {
      dossiers: [
        {
          title: 'Uno',
          documents_metadata: [
            {
              title: 'Contratto',
              signature_fields: [{ ...FIELD, attrs: { ...FIELD.attrs, page: Number.POSITIVE_INFINITY } }],
            },
          ],
        },
      ],
    },
    'dossiers[0].documents_metadata: a number is too large for JSON',
  ],
  [
    'a dossier without a title',
    { dossiers: [{ title: '', documents_metadata: METADATA }] },
    'dossiers[0].title: must not be empty',
  ],
  [
    'an issuer of another',
    {
      issuers: [{ id: 'b', name: 'B', supportEmail: 'b@example.it' }],
      dossiers: [{ id: DOSSIER, title: 'Uno', documents_metadata: METADATA }],
      requests: [{ dossier: DOSSIER, issuer: 'b' }],
    },
    'requests[0].issuer: its dossier belongs to',
  ],
  [
    'an issuer twice',
    { issuers: ['b', 'b'].map((id) => ({ id, name: 'B', supportEmail: 'b@example.it' })) },
    'issuers[1].id: duplicate id "b"',
  ],
  [
    'an invalid range',
    { keys: [{ key: 'k', cidrs: ['10.0.0.0/33'] }] },
    'keys[0].cidrs[0]: must be an IPv4 range',
  ],
  [
    'a field that no sample file has',
    {
      dossiers: [
        {
          id: DOSSIER,
          title: 'Uno',
          documents_metadata: [
            { title: 'Contratto', signature_fields: [{ ...FIELD, attrs: { ...FIELD.attrs, page: 500 } }] },
          ],
        },
      ],
      requests: [{ dossier: DOSSIER, status: 'READY' }],
    },
    'requests[0].documents[0].status: it cannot be READY, as no sample file fits',
  ],
];

test.each(WRONG)('refuses %s with its location, and changes nothing', async (_name, input, message) => {
  const sandbox = await frozen();
  await sandbox.seed({ requests: [{ id: REQUEST, documents: [{ id: DOCUMENT }] }] });
  // The valid records of the same call must not be created either.
  const mixed = {
    ...Object(input),
    issuers: [{ id: 'fine', name: 'F', supportEmail: 'f@example.it' }, ...(Object(input).issuers ?? [])],
  };
  const expected = message.replace('issuers[1]', 'issuers[2]');
  await expect(sandbox.seed(mixed)).rejects.toMatchObject({
    name: 'SeedError',
    violations: expect.arrayContaining([expect.stringContaining(expected)]),
  });
  const reply = await control(sandbox, 'POST', '/seed', mixed);
  expect([400, 422]).toContain(reply.status);
  const probe = sandbox.seed({ keys: [{ key: 'k', issuer: 'fine' }] });
  await expect(probe).rejects.toThrow('no issuer "fine"');
});

test('lists all errors at once, without fiscal codes', async () => {
  const sandbox = await frozen();
  const reply = await control(sandbox, 'POST', '/seed', {
    requests: [{ dossier: 'none' }, { signer: { fiscalCode: 'RSSMRA80' } }, { notified: true }],
  });
  expect(reply).toMatchObject({
    status: 422,
    body: {
      title: 'Unprocessable Entity',
      status: 422,
      violations: [
        expect.stringMatching(/^requests\[0\]\.dossier: /),
        expect.stringMatching(/^requests\[1\]\.signer\.fiscalCode: /),
        expect.stringMatching(/^requests\[2\]\.notified: /),
      ],
    },
  });
  expect(JSON.stringify(reply.body)).not.toContain('RSSMRA80');
});

test('creates ten thousand requests quickly', async () => {
  const sandbox = await frozen();
  const start = performance.now();
  const { requests } = await sandbox.seed({ requests: [{ count: 10_000, status: 'READY' }] });
  // Far above the expected time; a quadratic step would need minutes.
  expect(performance.now() - start).toBeLessThan(5_000);
  expect(new Set(requests.map(({ id }) => id)).size).toBe(10_000);
});
