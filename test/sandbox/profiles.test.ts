import { describe, expect, test } from 'vitest';
import { RULE_DIFFERENCES, STATUS_DIFFERENCES } from '../../mocks/sandbox/model/profile.ts';
import type { ProfileName } from '../../mocks/sandbox/model/profile.ts';
import { makePdf } from '../support/pdf.ts';
import { badRequest, failure, invalid, notFound } from './support-answers.ts';
import { FIELD, START, issuerOf, sandboxForTest } from './support-issuer.ts';
import type { Reply } from './support-issuer.ts';

const WORDS = expect.any(String);
const PROFILES = ['implemented', 'documented'] as const;
type Issuer = ReturnType<typeof issuerOf>;

/** The statuses that the published document has for each operation, except 500, which is its `default`. */
const PUBLISHED: Readonly<Record<string, readonly number[]>> = {
  createDossier: [201, 400, 401, 403, 429],
  getDossier: [200, 400, 401, 403, 404, 429],
  getRequestsByDossier: [200, 400, 401, 403, 404, 429],
  getSignerByFiscalCode: [201, 400, 401, 403, 429],
  createSignatureRequest: [201, 401, 403, 422, 429],
  getSignatureRequest: [200, 400, 401, 403, 404, 429],
  getDocumentUploadUrl: [200, 400, 401, 403, 404, 429],
  setSignatureRequestStatus: [204, 401, 403, 404, 422, 429],
  sendNotification: [201, 400, 401, 403, 429],
  validateDocument: [200, 400, 401, 403, 429],
};

/** The cause of each statusDifference, and for the other operations an error with the same status in both profiles. */
const OCCASIONS: Readonly<Record<string, (issuer: Issuer) => Promise<Reply>>> = {
  'createDossier: an invalid body': ({ call }) => call('POST', '/dossiers', {}),
  'getRequestsByDossier: an invalid query': ({ call }) =>
    call('GET', '/dossiers/d/signature-requests?limit=1'),
  'getSignerByFiscalCode: a signer is found': ({ call }) =>
    call('POST', '/signers', { fiscal_code: 'SPNDNL80R13C555X' }),
  'getSignerByFiscalCode: no fiscal code': ({ call }) => call('POST', '/signers', { fiscal_code: 'x' }),
  'getSignerByFiscalCode: a citizen who never logged in to IO': ({ call }) =>
    call('POST', '/signers', { fiscal_code: 'SNZAPP80A01H501C' }),
  'createSignatureRequest: a dossier that does not exist': ({ call }) =>
    call('POST', '/signature-requests', { dossier_id: 'd', signer_id: 's' }),
  'createSignatureRequest: a deadline in the past': async (issuer) => {
    const dossier_id = await issuer.createDossier();
    const body = { dossier_id, signer_id: 's', expires_at: '2020-01-01T00:00:00Z' };
    return issuer.call('POST', '/signature-requests', body);
  },
  'setSignatureRequestStatus: a transition that is not allowed': async (issuer) =>
    issuer.setStatus((await issuer.createRequest()).id, 'READY'),
  'sendNotification: a message is sent': async (issuer) => issuer.notify((await issuer.createSent()).id),
  'sendNotification: a status that does not allow it, or a second time': async (issuer) =>
    issuer.notify((await issuer.createRequest()).id),
  'sendNotification: a request that does not exist': (issuer) => issuer.notify('r'),
  'validateDocument: invalid fields': async (issuer) => validate(issuer, await makePdf(), '[{}]'),
  'validateDocument: a PDF that cannot be opened': (issuer) => validate(issuer, Buffer.from('x'), '[]'),
};

const UNDISPUTED: Readonly<Record<string, (issuer: Issuer) => Promise<Reply>>> = {
  'createDossier 201': ({ call }) =>
    call('POST', '/dossiers', { title: 'abc', documents_metadata: [{ title: 'abc' }] }),
  'getDossier 404': ({ call }) => call('GET', '/dossiers/d'),
  'getRequestsByDossier 404': ({ call }) => call('GET', '/dossiers/d/signature-requests'),
  'createSignatureRequest 422': ({ call }) => call('POST', '/signature-requests', {}),
  'getSignatureRequest 404': ({ call }) => call('GET', '/signature-requests/r'),
  'getDocumentUploadUrl 404': ({ call }) => call('GET', '/signature-requests/r/documents/d/upload_url'),
  'setSignatureRequestStatus 404': (issuer) => issuer.setStatus('r', 'READY'),
  'setSignatureRequestStatus 422': (issuer) => issuer.setStatus('r', 'foo'),
  'validateDocument 400': ({ call }) => call('POST', '/validate-document', { a: 1 }),
};

/** The expected bodies by status. */
const BODIES = new Map<number, unknown>([
  ...[badRequest(WORDS), notFound(WORDS), invalid(expect.any(Array)), failure(WORDS)].map(
    ({ status, body }): [number, unknown] => [status, body],
  ),
  ...[200, 201].map((status): [number, unknown] => [status, expect.any(Object)]),
]);

function validate({ call }: Issuer, pdf: Buffer<ArrayBuffer>, fields: string): Promise<Reply> {
  const form = new FormData();
  form.append('document', new Blob([pdf], { type: 'application/pdf' }), 'a.pdf');
  form.append('fields', new Blob([fields], { type: 'application/json' }), 'f.json');
  return call('POST', '/validate-document', form);
}

describe.each(PROFILES)('as %s', (profile) => {
  test.each(STATUS_DIFFERENCES)('$operationId answers $condition with that status', async (row) => {
    const sandbox = await sandboxForTest({ profile });
    const answer = await OCCASIONS[`${row.operationId}: ${row.condition}`]?.(issuerOf(sandbox));
    expect(answer?.status).toBe(row[profile]);
    if (profile === 'documented') expect(PUBLISHED[row.operationId]).toContain(answer?.status);
    expect(answer?.headers.get('content-type')).toBe(typeOf(row[profile], profile));
    expect(answer?.body).toEqual(BODIES.get(row[profile]));
    // Requests may violate the contract, answers may not.
    expect(sandbox.takeViolations().filter(({ direction }) => direction === 'response')).toEqual([]);
  });

  test.each(Object.entries(UNDISPUTED))('%s stays', async (name, act) => {
    const [operationId = '', status] = name.split(' ');
    const sandbox = await sandboxForTest({ profile });
    const answer = await act(issuerOf(sandbox));
    expect(answer.status).toBe(Number(status));
    expect(PUBLISHED[operationId]).toContain(answer.status);
    expect(answer.headers.get('content-type')).toBe(typeOf(answer.status, profile));
    sandbox.takeViolations();
  });
});

function typeOf(status: number, profile: ProfileName): string {
  return status < 300 ? 'application/json' : RULE_DIFFERENCES.errorType[profile];
}

test('the contract documents every status statusDifference', () => {
  for (const { operationId, documented } of STATUS_DIFFERENCES) {
    expect(PUBLISHED[operationId]).toContain(documented);
  }
  expect(Object.keys(OCCASIONS)).toEqual(
    STATUS_DIFFERENCES.map(({ operationId, condition }) => `${operationId}: ${condition}`),
  );
});

test('answers of the API gateway are the same in both profiles', async () => {
  const [one, other] = await Promise.all(
    PROFILES.map(async (profile) => {
      const sandbox = await sandboxForTest({ profile, apiKeys: ['good'] });
      const { status, body } = await issuerOf(sandbox, 'bad').call('GET', '/dossiers/d');
      return { status, body };
    }),
  );
  expect(one).toEqual(other);
  expect(one).toMatchObject({ status: 401, body: { statusCode: 401 } });
});

test.each([
  ['implemented', 1, 79],
  ['documented', 3, 80],
] as const)('as %s the limits of titles are %i and %i', async (profile, dossierTitle, clauseTitle) => {
  const sandbox = await sandboxForTest({ profile });
  const issuer = issuerOf(sandbox);
  const create = async (titleLength: number, clauseLength: number) => {
    const clause = { ...FIELD.clause, title: 'x'.repeat(clauseLength) };
    const answer = await issuer.call('POST', '/dossiers', {
      title: 'x'.repeat(titleLength),
      documents_metadata: [{ title: 'Contratto', signature_fields: [{ ...FIELD, clause }] }],
    });
    return answer.status;
  };
  const refused = profile === 'implemented' ? 422 : 400;
  expect(await create(dossierTitle, clauseTitle)).toBe(201);
  // The contract has the limits of the profile.
  expect(sandbox.violations).toEqual([]);
  expect([await create(dossierTitle - 1, clauseTitle), await create(dossierTitle, clauseTitle + 1)]).toEqual([
    refused,
    refused,
  ]);
  expect(sandbox.takeViolations().map(({ direction }) => direction)).toEqual(['request', 'request']);
});

test.each([
  ['implemented', '2026-06-03T09:14:07.412Z'],
  ['documented', '2026-06-05T09:14:07.412Z'],
] as const)('as %s a request without a deadline lasts until %s', async (profile, expected) => {
  const issuer = issuerOf(await sandboxForTest({ profile, frozenAt: START }));
  expect(await issuer.createRequest()).toMatchObject({ expires_at: expected });
});

test.each([
  ['implemented', 'WAIT_FOR_UPLOAD'],
  ['documented', 'WAIT_FOR_VALIDATION'],
] as const)('as %s a document is %s after its upload until it is validated', async (profile, expected) => {
  const sandbox = await sandboxForTest({ profile, frozenAt: START });
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  await issuer.upload(request, await makePdf());
  expect((await issuer.read(request.id)).documents).toMatchObject([{ status: expected }]);
  await sandbox.clock.advance(5_000);
  expect((await issuer.read(request.id)).documents).toMatchObject([{ status: 'READY' }]);
});

test('seeded records follow the rules of the profile', async () => {
  const sandbox = await sandboxForTest({ profile: 'documented', frozenAt: START });
  const documents_metadata = [{ title: 'Contratto' }];
  await expect(sandbox.seed({ dossiers: [{ title: 'ab', documents_metadata }] })).rejects.toThrow(
    'must have 3 characters or more',
  );
  const { requests } = await sandbox.seed({ requests: [{}] });
  expect(await issuerOf(sandbox).read(requests[0]?.id ?? '')).toMatchObject({
    expires_at: '2026-06-05T09:14:07.412Z',
  });
});
