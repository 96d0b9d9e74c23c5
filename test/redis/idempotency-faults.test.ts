import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Fault } from '../../mocks/sandbox/faults/fault.ts';
import { startKeyed } from '../support/keyed.ts';
import { makePdf } from '../support/pdf.ts';
import { forEachStep, REDIS_FAULTS, startFailingRedis } from '../support/redis-faults.ts';
import type { RedisFault } from '../support/redis-faults.ts';
import { requestSignature } from '../support/request-signature.ts';
import type { Json } from '../support/start-gateway.ts';

/*
 * For every failure of Redis at every step of a call with a key: at most one request is created for the key, no answer
 * contains the request of another caller, every answer is a payload or a documented error, and once Redis is back a retry
 * succeeds.
 */

type World = Awaited<ReturnType<typeof startKeyed>>;
type Outcome = Awaited<ReturnType<World['createRequest']>>;

const idempotency = { settle: 500, lease: 3_000, wait: 10_000 };
const operation = 'createSignatureRequest';
const LIST = 'getRequestsByDossier';
const HELD_MS = 1_000;
const held = (of: string): Fault => ({ kind: 'latency', ms: HELD_MS, operation: of, count: 1 });
const lost = (when: 'before' | 'after'): Fault => ({ kind: 'reset', when, operation, count: 1 });

interface Step {
  /** The history of the key when the call starts during which Redis fails. */
  readonly before?: readonly Fault[];
  /**
   * The fault of that call at the service; Redis fails while the service holds the call. Without a fault: before the call.
   */
  readonly during?: readonly Fault[];
  /** Whether the outcome of the key is stored before Redis fails. */
  readonly isDone?: boolean;
}

const STEPS: Readonly<Record<string, Step>> = {
  'before the key is claimed': {},
  'before the call is recorded': { during: [held(LIST)] },
  'while the service creates the request': { during: [held(operation)] },
  'while the service creates the request, and its answer is lost': {
    during: [held(operation), lost('after')],
  },
  'while the call does not arrive': { during: [held(operation), lost('before')] },
  'after an outcome was stored': { before: [], isDone: true },
  'after a call without an answer': { before: [lost('after')] },
  'after a call that did not arrive': { before: [lost('before')] },
  'while a retry searches, after the request was created': { before: [lost('after')], during: [held(LIST)] },
  'while a retry searches, and the request was not created': {
    before: [lost('before')],
    during: [held(LIST)],
  },
};

const KEY = { idempotencyKey: '5e8b7f9c-7f3a-4b8e-9d51-4c3f2a1b0e9d' };
const SAYS_WHAT_TO_DO = /[Rr]etry|[Rr]ead the signature requests/;
/** Errors for a key that cannot be read, or is in use. */
const isPassing = ({ code, message }: Outcome): boolean =>
  String(code) === 'IDEMPOTENCY_UNAVAILABLE' ||
  (String(code) === 'OUTCOME_UNKNOWN' && /still running|did not answer/.test(String(message)));

async function failAt(fault: RedisFault, { before, during = [], isDone }: Step) {
  const redis = await startFailingRedis(fault);
  const options = { redisUrl: redis.url.href, idempotency };
  const one = await startKeyed(options);
  const other = await startKeyed(options, one.sandbox);
  const { faults } = one.sandbox;
  const dossierId = await one.dossier();
  const answers: Outcome[] = [];
  const strangers: Outcome[] = [];
  const ask = async (world: World): Promise<Outcome> => {
    const answer = await world.createRequest({ ...KEY, dossierId });
    answers.push(answer);
    return answer;
  };

  if (before !== undefined) {
    for (const each of before) faults.add(each);
    await ask(one);
  }
  for (const each of during) faults.add(each);
  let call: Promise<Outcome> | undefined;
  if (during.length > 0) {
    call = ask(one);
    await expect.poll(() => faults.list(), { timeout: 15_000 }).toEqual([]);
  }
  await redis.hit();
  call ??= ask(one);
  const retry = ask(other);
  // Another caller creates the same request without a key.
  for (const world of [one, other]) strangers.push(await world.createRequest({ dossierId }));
  await Promise.all([call, retry]);
  await redis.recover();

  let last: Outcome;
  const until = performance.now() + 30_000;
  do {
    last = await ask(other);
    await ask(one);
    if (isPassing(last)) await pause(100);
  } while (isPassing(last) && performance.now() < until);

  const strangerIds = strangers.map(({ id }) => id);
  expect(strangers.map(({ code }) => code)).toEqual([undefined, undefined]);
  for (const { id, code, message } of answers) {
    if (id !== undefined) continue;
    expect(['IDEMPOTENCY_UNAVAILABLE', 'OUTCOME_UNKNOWN']).toContain(code);
    if (String(code) === 'OUTCOME_UNKNOWN') expect(message).toMatch(SAYS_WHAT_TO_DO);
  }
  const ids = [...new Set(answers.flatMap(({ id }) => id ?? []))];
  expect(ids.filter((id) => strangerIds.includes(id))).toEqual([]);
  const created = (await one.requestsOf(dossierId)).filter((id) => !strangerIds.includes(id));
  expect(created.length).toBeLessThanOrEqual(1);
  for (const id of ids) expect(created).toEqual([id]);
  expect(isPassing(last), `${String(last.code)} ${String(last.message)}`).toBe(false);
  // The outcome may stay unknown only if Redis lost its data and the request was created.
  if (last.id === undefined) expect([fault.losesKeys, created.length]).toEqual([true, 1]);
  if (isDone === true && fault.losesKeys !== true) expect(last.id).toBe(answers[0]?.id);
}

test.each(Object.entries(REDIS_FAULTS))(
  'a request is created once, and that of another caller is not returned, when Redis is %s at any step',
  (_, fault) => forEachStep(STEPS, (step) => failAt(fault, step)),
  300_000,
);

/** Upstream calls during which Redis fails. */
const HELD_CALLS = {
  'while the citizen is looked up': 'getSignerByFiscalCode',
  'while the request is created': operation,
  'while a file is stored': 'putBlob',
  'while the request is marked ready': 'setSignatureRequestStatus',
  'while the message is sent': 'sendNotification',
  'after the last call': undefined,
};
const FILE = await makePdf();

async function failWhile(fault: RedisFault, call: string | undefined): Promise<void> {
  const redis = await startFailingRedis(fault);
  const options = { redisUrl: redis.url.href, idempotency };
  const one = await startKeyed(options);
  const other = await startKeyed(options, one.sandbox);
  const { faults } = one.sandbox;
  const documents_metadata = [{ title: 'Contratto' }];
  const { dossiers } = await one.sandbox.seed({ dossiers: [{ title: 'Contratti', documents_metadata }] });
  const answers: Json[] = [];
  const ask = async (world: World): Promise<Json> => {
    // A top-level error is one before the first step.
    const answer = await requestSignature(world, { ...KEY, dossier: { id: dossiers[0] } }, [FILE]).catch(
      (failure: Error) => ({ refused: failure.message }) as unknown as Json,
    );
    answers.push(answer ?? {});
    return answer ?? {};
  };
  const codeOf = (answer: Json): string => {
    const { refused, cause, code } = answer;
    if (refused !== undefined) return /IDEMPOTENCY_UNAVAILABLE/.exec(String(refused))?.[0] ?? String(refused);
    return String(cause?.['fault'] ?? cause?.['code'] ?? code);
  };
  const isDone = (answer: Json): boolean => String(answer['__typename']) === 'RequestSignaturePayload';

  let first: Promise<Json>;
  if (call === undefined) {
    await ask(one);
    await redis.hit();
    first = ask(one);
  } else {
    faults.add(held(call));
    first = ask(one);
    await expect.poll(() => faults.list(), { timeout: 30_000 }).toEqual([]);
    await redis.hit();
  }
  await Promise.all([first, ask(other)]);
  await redis.recover();
  let last: Json;
  const until = performance.now() + 30_000;
  do {
    last = await ask(other);
    if (!isPassingCode(last)) break;
    await pause(100);
  } while (performance.now() < until);
  await ask(one);

  function isPassingCode(answer: Json): boolean {
    return (
      codeOf(answer) === 'IDEMPOTENCY_UNAVAILABLE' ||
      (codeOf(answer) === 'OUTCOME_UNKNOWN' && /still running|did not answer/.test(String(answer['message'])))
    );
  }

  for (const answer of answers)
    if (!isDone(answer)) expect(['IDEMPOTENCY_UNAVAILABLE', 'OUTCOME_UNKNOWN']).toContain(codeOf(answer));
  const requests = [...one.sandbox.snapshot().store.requests.values()];
  const ids = answers.filter(isDone).map((answer) => String(answer['signatureRequest']?.['id']));
  expect(requests.length).toBeLessThanOrEqual(1);
  for (const id of ids) expect(requests.map((request) => request.id)).toEqual([id]);
  expect(one.calls('sendNotification')).toBeLessThanOrEqual(1);
  if (!isDone(last)) expect([fault.losesKeys, codeOf(last)]).toEqual([true, 'OUTCOME_UNKNOWN']);
}

test.each(Object.entries(REDIS_FAULTS))(
  'a citizen is notified once when Redis is %s at any step of requestSignature',
  (_, fault) => forEachStep(HELD_CALLS, (call) => failWhile(fault, call)),
  300_000,
);
