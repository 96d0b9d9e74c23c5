import type { FieldComplexity, FieldComplexityValue } from '@pothos/plugin-complexity';
import { isInterfaceType, isObjectType } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { MAX_FIRST, mostCallsOf } from '../resolvers/pagination.ts';

type Args = Readonly<Record<string, unknown>>;
type Cost = FieldComplexity<object, Args>;

/** A call for what a list leaves out. With several of these fields it is made once: see `countDetailsOnce`. */
const DETAIL = 1;

/** What a list leaves out of its items. */
export const DETAIL_FIELDS: ReadonlySet<string> = new Set([
  'SignatureRequest.documents',
  'SignatureRequest.qrCode',
  'SignatureRequest.notification',
  'SignatureRequest.rejectReason',
  'SignatureRequest.signedAt',
  'SignatureRequest.rejectedAt',
  'SignatureRequest.cancelledAt',
]);

/** Whoever asks for more items than a list can have is refused by name. */
const pageOf = ({ first }: Args): FieldComplexityValue => {
  const items = Math.min(typeof first === 'number' ? first : 1, MAX_FIRST);
  return { field: mostCallsOf(items), multiplier: items };
};

/** Reads of a wait, which come every 3 seconds after the first six. See `waitForRequest`. */
const waiting =
  (calls: number) =>
  ({ input }: Args): number => {
    const given =
      typeof input === 'object' && input !== null && 'waitSeconds' in input ? input.waitSeconds : 0;
    const seconds = typeof given === 'number' ? Math.min(Math.max(given, 0), 55) : 0;
    return calls + (seconds === 0 ? 0 : 6 + Math.ceil(seconds / 3));
  };

/** Calls with and without an idempotency key. */
const withKey =
  (calls: number, more: number) =>
  ({ input }: Args): number => {
    const hasKey =
      typeof input === 'object' &&
      input !== null &&
      'idempotencyKey' in input &&
      typeof input.idempotencyKey === 'string';
    return hasKey ? calls + more : calls;
  };

/** The steps with their reads, and those of each document. */
const allSteps = ({ input }: Args): number => {
  const documents =
    typeof input === 'object' && input !== null && 'documents' in input ? input.documents : [];
  return waiting(10)({ input }) + 3 * (Array.isArray(documents) ? documents.length : 1);
};

/** How many calls of the service a field may make, at most. Fields that are not here make none. */
export const COSTS: Readonly<Record<string, Cost>> = {
  'Query.dossier': 1,
  'Query.signatureRequest': 1,
  'Dossier.signatureRequests': pageOf,
  'SignatureRequest.dossier': 1,
  ...Object.fromEntries([...DETAIL_FIELDS].map((name) => [name, DETAIL])),
  // No call, but as much work as one.
  'QrCode.image': 1,
  // The first state. Later ones are read once for all who watch, at a pace that has a limit of its own.
  'Subscription.signatureRequestChanged': 1,
  'Mutation.createDossier': 1,
  'Mutation.findSigner': 1,
  // With the reads that find out what became of an earlier call without an answer.
  'Mutation.createSignatureRequest': withKey(1, 4),
  'Mutation.createUploadUrl': 2,
  'Mutation.uploadDocument': waiting(2),
  'Mutation.validateDocument': 1,
  // With the read that explains a refusal.
  'Mutation.markReady': waiting(3),
  'Mutation.notifySigner': waiting(3),
  'Mutation.cancelSignatureRequest': 3,
  'Mutation.requestSignature': allSteps,
};

/** Puts the costs where `complexityFromQuery` of @pothos/plugin-complexity looks for them, and returns the schema. */
export function withCosts(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || !(isObjectType(type) || isInterfaceType(type))) continue;
    for (const field of Object.values(type.getFields())) {
      const complexity = COSTS[`${type.name}.${field.name}`] ?? { field: 0, multiplier: 1 };
      field.extensions = { ...field.extensions, complexity };
    }
  }
  return schema;
}
