import { expect, test } from 'vitest';
import type { GatewayContext } from '../../../../src/resolvers/context.ts';
import { createEvents } from '../../../../src/observability/events.ts';
import type { Attempt, Unresolved } from '../../../../src/idempotency/attempt.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import { Idempotency } from '../../../../src/idempotency/idempotency.ts';
import { MemoryIdempotencyStore } from '../../../../src/idempotency/memory-store.ts';
import type { OutcomeUnknownError } from '../../../../src/resolvers/errors/domain-errors.ts';
import { findEarlierRequest } from '../../../../src/resolvers/shared/find-earlier-request.ts';
import { ServiceClock } from '../../../../src/upstream/pipeline/service-clock.ts';

const SENT = Date.parse('2030-01-01T10:00:00Z');
/** The period in which the unresolved call may have been performed. */
const WINDOW = { createdAfter: SENT - 2_000, createdBefore: SENT + 30_000 };
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const wanted = { dossierId: 'dossier', signerId: 'signer', documents: [{ title: 'Contratto' }] };

interface Made {
  readonly id: string;
  /** Milliseconds after the call was sent. */
  readonly at: number;
  readonly owner?: 'own' | 'foreign';
  readonly status?: string;
}

function requestOf({ id, at, status = 'DRAFT' }: Made) {
  const createdAt = new Date(SENT + at).toISOString();
  const expiresAt = new Date(SENT + at + 90 * DAY_MS).toISOString();
  const documents = [{ title: 'Contratto', fields: [], status: 'WAIT_FOR_UPLOAD' }];
  return { id, dossierId: 'dossier', signerId: 'signer', status, createdAt, expiresAt, documents };
}

interface Situation {
  readonly kind?: Unresolved['kind'];
  readonly areOwnersKnown?: boolean;
  /** Before the first search. */
  readonly unsettledMs?: number;
  readonly ownersIncompleteMs?: number;
}

/**
 * Searches a dossier with these requests for the request of a key. @returns the claimed request, and the number of searches
 */
async function search(
  made: readonly Made[],
  { kind = 'unanswered', areOwnersKnown = true, unsettledMs, ownersIncompleteMs }: Situation = {},
) {
  let searches = 0;
  const before = <T>(value: T): T | undefined => (searches === 0 ? value : undefined);
  const upstream = {
    async call({ operation, path }: { readonly operation: string; readonly path: string }) {
      if (operation === 'getSignatureRequest') {
        const found = made.find(({ id }) => path.endsWith(`/${id}`));
        return found && requestOf(found);
      }
      searches += 1;
      return { items: made.map(requestOf), continuationToken: undefined };
    },
  };
  const idempotency = new Idempotency({
    store: new MemoryIdempotencyStore({ ttlMs: DAY_MS }),
    realm: 'http://service',
    times: { ...loadConfig({}).idempotency, wait: 30_000, lease: 6_000 },
    clock: new ServiceClock(),
    events: createEvents(),
  });
  const signal = new AbortController().signal;
  // Only the properties that the search reads.
  const context = { upstream, idempotency, signal, caller: { kind: 'none' } } as unknown as GatewayContext;
  const ownerOf = (id: string) => made.find((other) => other.id === id)?.owner;
  const attempt = {
    unresolved: { kind, ...WINDOW, storeSince: 0, areOwnersKnown },
    get unsettledMs() {
      return before(unsettledMs);
    },
    get ownersIncompleteMs() {
      return before(ownersIncompleteMs);
    },
    isForeign: async (id: string) => ownerOf(id) === 'foreign',
    take: async (id: string) => ownerOf(id) !== 'foreign',
    clear: () => undefined,
  } as unknown as Attempt;
  const outcome = await findEarlierRequest(context, attempt, wanted).then(
    (found) => (found === undefined ? 'create another' : `return ${found.id}`),
    (failure: OutcomeUnknownError) => failure.message,
  );
  return { outcome, searches };
}

const match: Made = { id: 'match', at: 50 };
const UNCERTAIN = expect.stringContaining('but its creation time does not prove it');
const SEVERAL = expect.stringContaining('one of several signature requests of the dossier');
const FORGOTTEN = expect.stringContaining('before the gateway lost its idempotency keys');

test.each<[string, readonly Made[], unknown]>([
  ['nothing', [], 'create another'],
  ['a request created right after the call was sent', [match], 'return match'],
  [
    'a request created at the greatest difference of the service’s clocks',
    [{ ...match, at: -2_000 }],
    'return match',
  ],
  ['a request created at the end of the settle time', [{ ...match, at: 30_000 }], 'return match'],
  ['a request with a later status', [{ ...match, status: 'SIGNED' }], 'return match'],
  ['a request owned by this key', [{ ...match, owner: 'own' }], 'return match'],
  [
    'a request owned by another key, or created without one',
    [{ ...match, owner: 'foreign' }],
    'create another',
  ],
  ['a request created shortly before', [{ ...match, at: -2_001 }], UNCERTAIN],
  ['a request created shortly after', [{ ...match, at: 30_001 }], UNCERTAIN],
  [
    'a request created before the difference of the clocks',
    [{ ...match, at: -6 * MINUTE_MS }],
    'create another',
  ],
  [
    'a request created after the difference of the clocks',
    [{ ...match, at: 6 * MINUTE_MS }],
    'create another',
  ],
  ['a request within the period and one before', [{ id: 'before', at: -MINUTE_MS }, match], 'return match'],
  [
    'a request within the period and one of another key',
    [{ id: 'other', at: 60, owner: 'foreign' }, match],
    'return match',
  ],
  ['two requests within the period', [match, { id: 'other', at: 60 }], SEVERAL],
])('after a call without an answer, with %s in the dossier', async (_, made, expected) => {
  expect(await search(made)).toEqual({ outcome: expected, searches: 1 });
});

test.each<[string, readonly Made[], unknown]>([
  ['nothing', [], 'create another'],
  ['a draft', [match], FORGOTTEN],
  ['two drafts', [match, { ...match, id: 'other' }], FORGOTTEN],
  ['a draft of another key, or without a key', [{ ...match, owner: 'foreign' }], 'create another'],
  ['a request that is marked ready', [{ ...match, status: 'READY' }], 'create another'],
  ['a draft that is younger than the store', [{ ...match, at: 30_000 }], 'create another'],
])('after the keys were lost, with %s in the dossier', async (_, made, expected) => {
  expect(await search(made, { kind: 'forgotten' })).toEqual({ outcome: expected, searches: 1 });
});

test('within the settle time it searches again before it creates another request', async () => {
  const unsettledMs = 10;
  expect(await search([], { unsettledMs })).toEqual({ outcome: 'create another', searches: 2 });
  const before = { ...match, at: -MINUTE_MS };
  expect(await search([before], { unsettledMs })).toEqual({ outcome: UNCERTAIN, searches: 2 });
  expect(await search([match], { unsettledMs })).toEqual({ outcome: 'return match', searches: 1 });
});

test('while other gateways may not have recorded their requests, none is claimed', async () => {
  const ownersIncompleteMs = 10;
  expect(await search([match], { ownersIncompleteMs })).toEqual({ outcome: 'return match', searches: 2 });
  const two = [match, { ...match, id: 'other' }];
  expect(await search(two, { ownersIncompleteMs })).toEqual({ outcome: SEVERAL, searches: 2 });
  // The dossier is read once, and its owners again.
  expect(await search([match], { kind: 'forgotten', ownersIncompleteMs })).toEqual({
    outcome: FORGOTTEN,
    searches: 1,
  });
  expect(await search([], { ownersIncompleteMs })).toEqual({ outcome: 'create another', searches: 1 });
});

test('a request whose owner the store has lost is not claimed', async () => {
  expect(await search([match], { areOwnersKnown: false })).toEqual({ outcome: UNCERTAIN, searches: 1 });
  expect(await search([], { areOwnersKnown: false })).toEqual({ outcome: 'create another', searches: 1 });
});
