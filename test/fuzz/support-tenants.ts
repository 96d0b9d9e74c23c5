import type { Sandbox } from '../../mocks/sandbox/http/server.ts';
import { hashOf, keysText, temporaryFile } from '../support/api-keys.ts';
import { OTHER_SECRET, SECRET, startReceiver } from '../support/webhook-receiver.ts';
import { targetsOf } from './support-values.ts';
import { VerdictError } from './support-verdict.ts';

/** The issuer key of each tenant. */
const ISSUER_KEYS = { alfa: 'issuer-key-of-alfa', beta: 'issuer-key-of-beta' };
/** API keys of callers. The attackers have the first two. */
const OPERATOR = 'operator-of-alfa-1f0c7c1e9f';
const READER = 'reader-of-alfa-77ab3e20c4';
const OF_BETA = 'operator-of-beta-b1d9604e0a';
/** A mark in all titles of beta, and in no other. */
const MARK = 'title-of-beta';

/**
 * The institutions alfa and beta behind one gateway. The attackers have keys of alfa. They know ids of beta, with which they
 * can neither read nor change anything.
 */
export async function startTenants(sandbox: Sandbox) {
  await sandbox.seed({
    issuers: Object.keys(ISSUER_KEYS).map((id) => ({ id, name: id, supportEmail: `urp@${id}.example.it` })),
    keys: Object.entries(ISSUER_KEYS).map(([issuer, key]) => ({ key, issuer })),
  });
  // No status that changes by itself, as READY does.
  const statuses = ['DRAFT', 'WAIT_FOR_SIGNATURE', 'SIGNED', 'REJECTED', 'CANCELLED'] as const;
  const titles = { title: `${MARK} affairs`, documents_metadata: [{ title: `${MARK} contract` }] };
  const { dossiers } = await sandbox.seed({ dossiers: statuses.map(() => ({ issuer: 'beta', ...titles })) });
  const seeded = await sandbox.seed({
    requests: statuses.flatMap((status, nth) => {
      const dossier = dossiers[nth];
      return dossier === undefined ? [] : [{ issuer: 'beta', dossier, status, count: 2 }];
    }),
  });
  // They know one of the two requests in each dossier.
  const known = seeded.requests.filter((_, nth) => nth % 2 === 0);
  const hidden = seeded.requests.filter((_, nth) => nth % 2 === 1);
  const receivers = { alfa: await startReceiver(), beta: await startReceiver(undefined, OTHER_SECRET) };

  const stateOfBeta = async (): Promise<string> => {
    const headers = { 'ocp-apim-subscription-key': ISSUER_KEYS.beta };
    const lists = dossiers.map(async (id) =>
      (await fetch(`${sandbox.url}/dossiers/${id}/signature-requests`, { headers })).text(),
    );
    return (await Promise.all(lists)).join('\n');
  };
  const atFirst = await stateOfBeta();

  const owner = (role: string, tenant: string): object => ({ name: `${role} of ${tenant}`, role, tenant });
  const keys = {
    [OPERATOR]: owner('operator', 'alfa'),
    [READER]: owner('reader', 'alfa'),
    [OF_BETA]: owner('operator', 'beta'),
  };
  const file = (name: string, content: unknown): string => temporaryFile(name, JSON.stringify(content));
  return {
    env: {
      AUTH: 'api-key',
      AUTH_API_KEYS_FILE: temporaryFile('keys.json', keysText(keys)),
      TENANTS_FILE: file(
        'tenants.json',
        Object.fromEntries(Object.entries(ISSUER_KEYS).map(([tenant, apiKey]) => [tenant, { apiKey }])),
      ),
      WEBHOOKS_FILE: file('webhooks.json', [
        { url: receivers.alfa.url, secret: SECRET, tenant: 'alfa' },
        { url: receivers.beta.url, secret: OTHER_SECRET, tenant: 'beta' },
      ]),
    },
    issuer: 'alfa',
    credentials: [
      OPERATOR,
      READER,
      OPERATOR.toUpperCase(),
      OPERATOR.slice(0, -1),
      `${OPERATOR}0`,
      OF_BETA.slice(0, -1),
      hashOf(OF_BETA),
      ISSUER_KEYS.alfa,
      'x'.repeat(9_000),
    ].map((key) => `Bearer ${key}`),
    secrets: [
      ...Object.values(ISSUER_KEYS),
      ...Object.keys(keys),
      ...[SECRET, OTHER_SECRET].map((secret) => secret.slice('whsec_'.length)),
      receivers.alfa.url.pathname,
      MARK,
      ...hidden.flatMap(({ id, documentIds }) => [id, ...documentIds]),
    ],
    foreign: {
      ids: {
        id: [],
        dossierId: dossiers,
        signatureRequestId: known.map(({ id }) => id),
        documentId: known.flatMap(({ documentIds }) => documentIds),
        signerId: [],
      },
      targets: targetsOf(known),
    },
    // Connections to the webhook receivers.
    idleSockets: 4,
    async checkOthers(): Promise<void> {
      if (receivers.beta.calls.length > 0) throw new VerdictError('beta received an event of alfa');
      if (receivers.alfa.wrong.length > 0)
        throw new VerdictError('alfa received an event with an invalid signature');
      if ((await stateOfBeta()) !== atFirst) throw new VerdictError('alfa has changed something of beta');
    },
  };
}
