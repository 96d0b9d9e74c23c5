import { describe, expect, test } from 'vitest';
import { FORBIDDEN, INVALID_KEY, notFound, shown } from './support-answers.ts';
import { START, issuerOf, sandboxForTest } from './support-issuer.ts';

const TESTER = 'AAABBB00A00A000A';
const STRANGER = 'SPNDNL80R13C555X';
const DOCUMENTS = [{ title: 'Contratto' }];

/** A sandbox with one institution and its key. */
async function withKey(key: {
  readonly environment?: 'test' | 'prod';
  readonly testers?: string[];
  readonly cidrs?: string[];
  readonly status?: 'active' | 'revoked';
}) {
  const sandbox = await sandboxForTest({ frozenAt: START });
  await sandbox.seed({ keys: [{ key: 'described', ...key }, { key: 'open' }] });
  return { sandbox, issuer: issuerOf(sandbox, 'described'), other: issuerOf(sandbox, 'open') };
}

describe('a test key', () => {
  // Conforms (Keys and limits, manual): A test key finds the fiscal codes of its testers; any other is a 403 of
  // the gateway.
  test('finds only its testers', async () => {
    const { issuer } = await withKey({ environment: 'test', testers: [TESTER] });
    expect(await issuer.call('POST', '/signers', { fiscal_code: TESTER })).toMatchObject({ status: 200 });
    expect(shown(await issuer.call('POST', '/signers', { fiscal_code: STRANGER }))).toEqual(FORBIDDEN);
  });

  // Conforms (Keys and limits, service): A test key without testers finds no signer.
  test('without testers finds no signer', async () => {
    const { issuer } = await withKey({ environment: 'test', testers: [] });
    expect(shown(await issuer.call('POST', '/signers', { fiscal_code: TESTER }))).toEqual(FORBIDDEN);
  });

  // Conforms (Keys and limits, service): The testers of a key are checked before the body.
  test('is refused before the body is validated', async () => {
    const { issuer, sandbox } = await withKey({ environment: 'test', testers: [TESTER] });
    for (const body of [{ fiscal_code: 'x' }, {}, '{']) {
      expect(shown(await issuer.call('POST', '/signers', body))).toEqual(FORBIDDEN);
    }
    sandbox.takeViolations();
  });

  // Conforms (Keys and limits, service): The testers restrict POST /signers only, not the requests.
  test('restricts only the lookup of signers: a request for any signer id is created', async () => {
    const { issuer, other } = await withKey({ environment: 'test', testers: [TESTER] });
    const signer_id = await other.findSigner(STRANGER);
    const body = { dossier_id: await issuer.createDossier(DOCUMENTS), signer_id };
    expect(await issuer.call('POST', '/signature-requests', body)).toMatchObject({ status: 201 });
  });

  // Conforms (Keys and limits, service): Test and production keys of an institution share its records.
  test('shares the records of its institution with the production key', async () => {
    const { issuer, other } = await withKey({ environment: 'test' });
    const id = await issuer.createDossier(DOCUMENTS);
    expect(await other.call('GET', `/dossiers/${id}`)).toMatchObject({ status: 200, body: { id } });
  });
});

test('a production key finds every signer, regardless of testers', async () => {
  const { issuer } = await withKey({ environment: 'prod', testers: [TESTER] });
  expect(await issuer.call('POST', '/signers', { fiscal_code: STRANGER })).toMatchObject({ status: 200 });
});

describe('the addresses of a key', () => {
  // Conforms (Keys and limits, service): A key without addresses refuses all calls; the right-most public IPv4 of
  // X-Forwarded-For counts.
  test.each([
    ['an empty list refuses all calls', [], undefined, 403],
    ['0.0.0.0/0 allows all addresses', ['0.0.0.0/0'], undefined, 404],
    ['a range allows its addresses', ['127.0.0.0/8'], undefined, 404],
    ['another range does not', ['192.0.2.0/24'], undefined, 403],
    ['the right-most public IPv4 counts', ['192.0.2.7/32'], '198.51.100.1, 192.0.2.7, 10.0.0.1', 404],
    [
      'public addresses to the left of it do not count',
      ['198.51.100.0/24'],
      '198.51.100.1, 192.0.2.7, 10.0.0.1',
      403,
    ],
    ['an IPv6 address is ignored', ['192.0.2.7/32'], '192.0.2.7, 2001:db8::1', 404],
  ])('%s', async (_, cidrs, forwardedFor, status) => {
    const { issuer } = await withKey({ cidrs });
    const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
    const answer = await issuer.call('GET', '/dossiers/x', undefined, headers);
    const noDossier = notFound('The specified dossier was not found');
    expect(shown(answer)).toEqual(status === 403 ? FORBIDDEN : noDossier);
  });

  // Conforms (Keys and limits, manual): Calls refused for their address are not counted.
  test('are checked before calls are counted', async () => {
    const { issuer } = await withKey({ cidrs: ['192.0.2.7/32'] });
    for (let count = 0; count < 151; count += 1) {
      expect((await issuer.call('GET', '/dossiers/x')).status).toBe(403);
    }
    const { status, headers } = await issuer.call('GET', '/dossiers/x', undefined, {
      'x-forwarded-for': '192.0.2.7',
    });
    expect([status, headers.get('x-rate-limit-remaining')]).toEqual([404, '149']);
  });
});

// Conforms (Keys and limits, Azure): A revoked key is an invalid one: 401.
test('a revoked key is refused like an unknown key', async () => {
  const { issuer, sandbox } = await withKey({ status: 'revoked' });
  const revoked = await issuer.call('GET', '/dossiers/x');
  const unknown = await issuerOf(sandbox, 'unknown').call('GET', '/dossiers/x');
  expect([shown(revoked), shown(unknown)]).toEqual([INVALID_KEY, INVALID_KEY]);
});
