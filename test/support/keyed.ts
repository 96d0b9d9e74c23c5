import type { Sandbox } from '../../mocks/sandbox/http/server.ts';
import { createEvents } from '../../src/observability/events.ts';
import type { GatewayOverrides } from './gateway-options.ts';
import { callerAt } from './caller.ts';
import type { Caller } from './caller.ts';
import { startGateway } from './start-gateway.ts';
import type { Json } from './start-gateway.ts';

export const SIGNER = '0d7a4e0c-6b0a-4f7e-9c1e-0f3d5b7a9c11';
export const DOCUMENTS = [
  {
    title: 'Contratto',
    fields: [
      {
        clause: { title: 'Firma del contratto', type: 'REQUIRED' },
        position: { box: { page: 0, x: 85.5, y: 676, width: 177, height: 77 } },
      },
      {
        clause: { title: 'Marketing', type: 'OPTIONAL' },
        position: { uniqueName: 'Signature1' },
      },
    ],
  },
];

const PAYLOADS = {
  createDossier: 'dossier { id title }',
  createSignatureRequest: 'signatureRequest { id status expiresAt documents { id title status } }',
  notifySigner: 'signatureRequest { id notification { ioMessageId } }',
};
export type KeyedMutation = keyof typeof PAYLOADS;

/** The outcome of a mutation: the id of the created object, or the code of the error, in the union or at the top level. */
export async function outcomeOf(caller: Caller, mutation: KeyedMutation, input: object) {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}`;
  const { body } = await caller.ask(
    `mutation ($input: ${type}Input!) { ${mutation}(input: $input) { __typename
      ... on ${type}Payload { ${PAYLOADS[mutation]} } ... on Error { code message } } }`,
    { input },
  );
  const result = body['data']?.[mutation];
  const made = result?.['dossier'] ?? result?.['signatureRequest'];
  const fault = (body['errors'] as unknown as readonly Json[] | undefined)?.[0]?.['extensions']?.['code'];
  return {
    id: made?.['id'] === undefined ? undefined : String(made['id']),
    code: fault ?? result?.['code'],
    message: result?.['message'],
    made,
  };
}

/** The id of the first document of a created request. */
export function documentIdOf(made: Json | undefined): string {
  const documents = (made?.['documents'] ?? []) as unknown as readonly { readonly id: string }[];
  return documents[0]?.id ?? '';
}

/** A gateway, its idempotency events, and the operations of one caller. */
export async function startKeyed(overrides: GatewayOverrides = {}, sandbox?: Sandbox) {
  const events = createEvents();
  const outcomes: string[] = [];
  events.on('idempotency', ({ outcome }) => outcomes.push(outcome));
  const gateway = await startGateway({
    events,
    ...(sandbox && { apiUrl: new URL(sandbox.url), storageHosts: [sandbox.origin] }),
    ...overrides,
    idempotency: { settle: 300, ...overrides.idempotency },
  });
  const caller = callerAt(gateway.url);
  const service = sandbox ?? gateway.sandbox;
  return {
    ...gateway,
    sandbox: service,
    outcomes,
    createDossier: (input: object = {}) =>
      outcomeOf(caller, 'createDossier', { title: 'Contratti', documents: DOCUMENTS, ...input }),
    createRequest: (input: object) =>
      outcomeOf(caller, 'createSignatureRequest', { signerId: SIGNER, ...input }),
    notify: (input: object) => outcomeOf(caller, 'notifySigner', input),
    /** A dossier that another caller created. */
    async dossier(): Promise<string> {
      const made = await outcomeOf(caller, 'createDossier', { title: 'Contratti', documents: DOCUMENTS });
      return made.id ?? '';
    },
    /** The number of upstream calls. */
    calls: (operationId: string) => service.journal.entries({ operationId }).length,
    /** The ids of the requests of a dossier. */
    async requestsOf(dossierId: string): Promise<string[]> {
      const { body } = await caller.ask(
        `{ dossier(id: "${dossierId}") { signatureRequests(first: 100) { nodes { id } } } }`,
      );
      const nodes = body['data']?.['dossier']?.['signatureRequests']?.['nodes'];
      return (nodes as unknown as readonly { readonly id: string }[]).map(({ id }) => id);
    },
  };
}
