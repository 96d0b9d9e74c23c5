import { writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { SeedInput } from '../../mocks/sandbox/testing.ts';
import type { GatewayOverrides } from '../support/gateway-options.ts';
import { keysText, temporaryFile } from '../support/api-keys.ts';
import { callerAt, withToken } from '../support/caller.ts';
import type { Caller } from '../support/caller.ts';
import { startGateway } from '../support/start-gateway.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';
import type { SigningKey } from '../support/token-issuer.ts';
import type { Target } from './support-operations.ts';

export const ANNA = 'SPNDNL80R13C555X';
export const BRUNO = 'RSSMRA85T10A562S';

export const ISSUER_KEYS: ReadonlyMap<string, string> = new Map([
  ['alfa', 'alfa-key'],
  ['beta', 'beta-key'],
]);

export const STAFF = {
  operator: { role: 'operator', tenant: 'alfa' },
  reader: { role: 'reader', tenant: 'alfa' },
};
export const CITIZEN = { role: 'citizen', tenant: 'alfa', fiscal_code: ANNA };

/** API keys of staff. */
const API_KEYS = { 'operator-key': STAFF.operator, 'reader-key': STAFF.reader };

type SeedRequest = NonNullable<SeedInput['requests']>[number];

/**
 * A sandbox with the institutions alfa and beta, and two gateways with the keys of both: one accepts tokens, the other API
 * keys.
 */
export async function startWorld({
  key,
  ...overrides
}: GatewayOverrides & { readonly key?: SigningKey } = {}) {
  const issuer = await startTokenIssuer(key);
  const byToken = await startGateway({ apiKey: ISSUER_KEYS, auth: jwtOptions(issuer.url), ...overrides });
  const { sandbox, url } = byToken;
  const keysFile = temporaryFile(
    'keys.json',
    keysText(
      Object.fromEntries(
        Object.entries(API_KEYS).map(([apiKey, { role, tenant }]) => [
          apiKey,
          { name: apiKey, role, tenant },
        ]),
      ),
    ),
  );
  const byKey = await startGateway({
    apiUrl: new URL(sandbox.url),
    storageHosts: [sandbox.origin],
    apiKey: ISSUER_KEYS,
    auth: { mode: 'api-key', file: keysFile, pollMs: 20 },
  });
  await sandbox.seed({
    issuers: ['alfa', 'beta'].map((id) => ({ id, name: id, supportEmail: `urp@${id}.example.it` })),
    keys: [...ISSUER_KEYS].map(([institution, apiKey]) => ({ key: apiKey, issuer: institution })),
  });
  return {
    issuer,
    sandbox,
    url,
    keysFile,
    keysUrl: byKey.url,
    /** A caller with a token with these claims. */
    as: async (claims: Readonly<Record<string, unknown>>): Promise<Caller> =>
      callerAt(url, withToken(await issuer.sign(claims))),
    withKey: (apiKey: string): Caller => callerAt(byKey.url, { 'x-api-key': apiKey }),
    /** Replaces the file of API keys, and waits until the operator's key is refused. */
    async changeKeys(owners: Readonly<Record<string, object>>): Promise<void> {
      const statusNow = async (): Promise<number> =>
        (await callerAt(byKey.url, { 'x-api-key': 'operator-key' }).ask('{ __typename }')).status;
      expect(await statusNow()).toBe(200);
      writeFileSync(keysFile, keysText(owners));
      await expect.poll(statusNow).toBe(401);
    },
    /** A new request in a new dossier. */
    async requestOf(fiscalCode: string, request: SeedRequest = {}): Promise<Target> {
      const source = { issuer: 'alfa', signer: { fiscalCode }, ...request };
      const { requests } = await sandbox.seed({ requests: [source] });
      const [seeded] = requests;
      if (seeded === undefined) throw new TypeError('nothing was seeded');
      const { id: signatureRequestId, dossierId, signerId, documentIds } = seeded;
      return { signatureRequestId, dossierId, signerId, fiscalCode, documentId: documentIds[0] ?? '' };
    },
    /** The calls to the service and its storage that `act` caused, without ids. */
    async callsOf<T>(
      act: () => Promise<T>,
    ): Promise<{ readonly result: T; readonly calls: readonly string[] }> {
      const before = sandbox.journal.entries().at(-1)?.seq ?? 0;
      const result = await act();
      const calls = sandbox.journal
        .entries({ after: before })
        .map(({ operationId, method, path }) => `${operationId} ${method} ${withoutIds(path)}`);
      return { result, calls };
    },
  };
}

/** Ids in the format of the service that do not exist. */
export const UNKNOWN: Target = {
  dossierId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  signatureRequestId: '01ARZ3NDEKTSV4RRFFQ69G5FAW',
  documentId: '01ARZ3NDEKTSV4RRFFQ69G5FAX',
  signerId: '0d7a4e0c-6b0a-4f7e-9c1e-0f3d5b7a9c11',
  fiscalCode: 'VRDGPP13R10B293P',
};

const withoutIds = (path: string): string => path.replaceAll(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, ':id');
