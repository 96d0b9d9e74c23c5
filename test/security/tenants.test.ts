import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTenants, TenantsError } from '../../src/auth/issuer-keys.ts';
import type { StubHandler } from '../support/http-stub.ts';
import { temporaryFile } from '../support/api-keys.ts';
import { callerAt, withToken } from '../support/caller.ts';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import { mutationOf } from '../support/operations.ts';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';
import { ISSUER_KEYS } from './support-world.ts';

const AT = '2026-03-05T09:14:07.412Z';
const TIMES = { created_at: AT, updated_at: AT, expires_at: '2036-03-05T09:14:07.412Z' };

/**
 * A gateway for alfa and beta in front of a service in which both have records with the same ids. Its answers contain the key
 * of the upstream call.
 */
async function startTwins(misbehave?: StubHandler) {
  const issuer = await startTokenIssuer();
  const service = await startHttpStub((call, res, req, nth) => {
    const key = String(call.headers['ocp-apim-subscription-key']);
    const base = { id: 'same', dossier_id: 'same', signer_id: `signer-of-${key}`, ...TIMES };
    const path = call.path.replace(/\?.*/s, '');
    if (misbehave !== undefined && key === 'alfa-key') return misbehave(call, res, req, nth);
    if (path.endsWith('/dossiers/same'))
      return sendJson(res, 200, { ...base, title: `dossier of ${key}`, documents_metadata: [] });
    if (path.endsWith('/dossiers/same/signature-requests'))
      return sendJson(res, 200, {
        items: [{ ...base, status: 'DRAFT' }],
        continuation_token: `token-of-${key}`,
      });
    if (path.endsWith('/signature-requests/same'))
      return sendJson(res, 200, { ...base, status: 'READY', documents: [] });
    if (path.endsWith('/signers')) return sendJson(res, 200, { id: `signer-of-${key}` });
    return sendJson(res, 404, { title: 'Not Found', status: 404, detail: 'none' });
  });
  const { url } = await startGateway({
    apiUrl: new URL(`${service.origin}/api/v1/sign`),
    apiKey: ISSUER_KEYS,
    rateLimit: { calls: 1_000, windowMs: 100 },
    auth: jwtOptions(issuer.url),
    upstreamTimeoutMs: 1_000,
  });
  const as = async (tenant: string, claims: object = {}) =>
    callerAt(url, withToken(await issuer.sign({ tenant, ...claims })));
  return { service, as };
}

const BOTH = `query ($id: ID!, $after: String) {
  signatureRequest(id: $id) { signerId dossier { title } }
  dossier(id: $id) { title signatureRequests(first: 1, after: $after) {
    nodes { signerId dossier { title } documents { id } } pageInfo { endCursor } } } }`;

const viewOf = (tenant: string) => ({
  signatureRequest: { signerId: `signer-of-${tenant}-key`, dossier: { title: `dossier of ${tenant}-key` } },
  dossier: {
    title: `dossier of ${tenant}-key`,
    signatureRequests: {
      nodes: [
        {
          signerId: `signer-of-${tenant}-key`,
          dossier: { title: `dossier of ${tenant}-key` },
          documents: [],
        },
      ],
      pageInfo: { endCursor: expect.any(String) },
    },
  },
});

test('concurrent reads of the same id by two tenants are separate', async () => {
  const { as } = await startTwins();
  const clients = { alfa: await as('alfa'), beta: await as('beta') };
  const asked = Array.from({ length: 20 }, (_, index) =>
    index % 2 === 0 ? ('alfa' as const) : ('beta' as const),
  );
  const answers = await Promise.all(asked.map((tenant) => clients[tenant].ask(BOTH, { id: 'same' })));
  answers.forEach(({ body }, index) => expect(body['data']).toEqual(viewOf(asked[index] ?? '')));
  // One after the other too, when a cache could have an entry.
  for (const tenant of ['alfa', 'beta', 'alfa'] as const)
    expect((await clients[tenant].ask(BOTH, { id: 'same' })).body['data']).toEqual(viewOf(tenant));
});

test('the same citizen is a different signer for each tenant', async () => {
  const { as } = await startTwins();
  const citizen = { role: 'citizen', fiscal_code: 'SPNDNL80R13C555X' };
  const clients = [await as('alfa', citizen), await as('beta', citizen)];
  const find = { input: { fiscalCode: citizen.fiscal_code } };
  const [alfa, beta] = await Promise.all(
    clients.map((client) => client.ask(mutationOf('findSigner', 'signer { id }'), find)),
  );
  expect(alfa?.body['data']?.['findSigner']?.['signer']).toEqual({ id: 'signer-of-alfa-key' });
  expect(beta?.body['data']?.['findSigner']?.['signer']).toEqual({ id: 'signer-of-beta-key' });
});

test('a cursor contains the continuation token of the service, and no key', async () => {
  const { as, service } = await startTwins();
  const [alfa, beta] = [await as('alfa'), await as('beta')];
  const page = `query ($first: Int!, $after: String) { dossier(id: "same") {
    signatureRequests(first: $first, after: $after) { pageInfo { endCursor } nodes { signerId } } } }`;
  const cursorAt = (body: unknown): unknown => JSON.stringify(body).match(/"endCursor":"([^"]+)"/)?.[1];
  const first = await alfa.ask(page, { first: 2 });
  const after = cursorAt(first.body);
  const next = await beta.ask(page, { first: 1, after });
  expect(JSON.stringify(next.body)).toContain('signer-of-beta-key');
  expect(JSON.stringify(next.body)).not.toContain('alfa');
  expect(Buffer.from(String(after), 'base64url').toString()).not.toContain('"alfa-key"');
  const keys = service.calls.map(({ headers }) => headers['ocp-apim-subscription-key']);
  expect(new Set(keys)).toEqual(new Set(['alfa-key', 'beta-key']));
});

test.each<[string, StubHandler, string]>([
  ['is refused', (_, res) => sendJson(res, 401, { message: 'alfa is suspended' }), 'UPSTREAM_REFUSED'],
  [
    'fails',
    (_, res) => sendJson(res, 500, { title: 'x', status: 500, detail: 'alfa' }),
    'UPSTREAM_UNAVAILABLE',
  ],
  [
    'exceeds its rate limit',
    (_, res) => sendJson(res, 429, { message: 'alfa' }, { 'retry-after': '60' }),
    'RATE_LIMITED',
  ],
  ['hangs', () => {}, 'UPSTREAM_TIMEOUT'],
])('another tenant is not affected when the key of a tenant %s', async (_, misbehave, code) => {
  const { as } = await startTwins(misbehave);
  const [alfa, beta] = [await as('alfa'), await as('beta')];
  for (let round = 0; round < 3; round += 1) {
    const [failed, fine] = await Promise.all([
      alfa.ask('{ dossier(id: "same") { title } }'),
      beta.ask('{ dossier(id: "same") { title } }'),
    ]);
    expect(fine.body).toEqual({ data: { dossier: { title: 'dossier of beta-key' } } });
    expect(failed.body['data']).toEqual({ dossier: null });
    expect(failed.body['errors']?.[0]).toMatchObject({ extensions: { code } });
  }
});

test('each tenant has its own connections', async () => {
  const { as, service } = await startTwins();
  await (await as('alfa')).ask('{ dossier(id: "same") { title } }');
  await (await as('beta')).ask('{ dossier(id: "same") { title } }');
  expect(service.connections()).toBe(2);
});

test('without tenants, the tenant claim is ignored', async () => {
  const issuer = await startTokenIssuer();
  const { url } = await startGateway({ auth: jwtOptions(issuer.url) });
  for (const tenant of [undefined, 'alfa', 'whatever'])
    expect((await callerAt(url, withToken(await issuer.sign({ tenant }))).ask('{ __typename }')).status).toBe(
      200,
    );
});

test('a tenants file contains each key, or names a key file beside it', () => {
  const file = temporaryFile(
    'tenants.json',
    JSON.stringify({ alfa: { apiKeyFile: 'alfa.key' }, 'comune di beta': { apiKey: 'beta-key' } }),
  );
  writeFileSync(join(file, '../alfa.key'), 'alfa-key\n');
  expect(readTenants(file)).toEqual(
    new Map([
      ['alfa', 'alfa-key'],
      ['comune di beta', 'beta-key'],
    ]),
  );
});

const EITHER = 'must have either apiKey, a key without spaces, or apiKeyFile';

test.each([
  ['not JSON', '{', 'must be a readable JSON file'],
  ['no tenant', '{}', 'invalid file: must contain a tenant'],
  ['a list', '[]', 'invalid file: Invalid input: expected record, received array'],
  ['a key in place of an object', '{"alfa":"s3cret"}', `invalid file: alfa: ${EITHER}`],
  [
    'a key with a space',
    '{"alfa":{"apiKey":"s3cret key"}}',
    'invalid file: alfa.apiKey: must be the key only, without spaces and line breaks',
  ],
  ['both', '{"alfa":{"apiKey":"s3cret","apiKeyFile":"x"}}', `invalid file: alfa: ${EITHER}`],
  ['a missing file', '{"alfa":{"apiKeyFile":"none"}}', 'key file of alfa: must be a readable file'],
  [
    'a file with several lines',
    '{"alfa":{"apiKeyFile":"two.key"}}',
    'key file of alfa: its content must be the key only, without spaces and line breaks',
  ],
])('an invalid file of tenants: %s', (_, text, message) => {
  const file = temporaryFile('tenants.json', text);
  writeFileSync(join(file, '../two.key'), 's3cret one\ns3cret two\n');
  expect(() => readTenants(file)).toThrow(new TenantsError(message));
});
