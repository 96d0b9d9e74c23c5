import { describe, expect, test } from 'vitest';
import type { CallFault, Fault } from '../../mocks/sandbox/faults/fault.ts';
import type { JournalEntry } from '../../mocks/sandbox/journal/journal-entry.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { API_KEY, UPSTREAM_WORDS, expectNoSecrets, logSink } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

type World = Awaited<ReturnType<typeof startWorld>>;
type Answer = Awaited<ReturnType<World['run']>>;

/** The deadline of a call that will not be answered. */
const SHORT_DEADLINE_MS = 400;
const LONG_DEADLINE_MS = 5_000;
/** Longer than any test. */
const FOR_EVER_MS = 60_000;
/** Longer than any deadline. */
const A_MINUTE_S = 60;

/** A gateway and a sandbox that holds a request of each kind that the operations need. */
async function startWorld(upstreamTimeoutMs = LONG_DEADLINE_MS) {
  const logs = logSink();
  const options = { apiKey: API_KEY, logger: logs.logger, upstreamTimeoutMs };
  const gateway = await startGateway(options, { frozenAt: new Date('2126-03-05T09:14:07.412Z'), seed: 1 });
  const { requests } = await gateway.sandbox.seed({ requests: [{}, { status: 'WAIT_FOR_SIGNATURE' }] });
  const [draft, waiting] = requests;
  if (draft === undefined || waiting === undefined) throw new TypeError('two requests were seeded');
  return { ...gateway, draft, waiting, logs };
}

/** An upstream call, and the operation that causes it. */
interface Operation {
  readonly operationId: string;
  /** A failed read is retried, a failed write is not, and a streamed body cannot be sent again. */
  readonly effect: 'read' | 'write' | 'stream';
  /** After a lost answer: the outcome is unknown, or reading the request shows it. */
  readonly without?: 'unknown-outcome' | 'read-back';
  readonly ask: (world: World) => Promise<Answer>;
}

const mutate = ({ run }: World, name: string, input: object) => run(mutationOf(name), { input });
const FIELDS = [{ clause: { title: 'Firma', type: 'REQUIRED' }, position: { uniqueName: 'S' } }];

const OPERATIONS: readonly Operation[] = [
  {
    operationId: 'getDossier',
    effect: 'read',
    ask: ({ run, draft }) => run(`{ dossier(id: "${draft.dossierId}") { title } }`),
  },
  {
    operationId: 'getRequestsByDossier',
    effect: 'read',
    ask: ({ run, draft }) =>
      run(`{ dossier(id: "${draft.dossierId}") { signatureRequests { nodes { id } } } }`),
  },
  {
    operationId: 'getSignatureRequest',
    effect: 'read',
    ask: ({ run, draft }) => run(`{ signatureRequest(id: "${draft.id}") { status } }`),
  },
  {
    operationId: 'getDocumentUploadUrl',
    effect: 'read',
    ask: (world) =>
      mutate(world, 'createUploadUrl', {
        signatureRequestId: world.draft.id,
        documentId: world.draft.documentIds[0],
      }),
  },
  {
    operationId: 'createDossier',
    effect: 'write',
    without: 'unknown-outcome',
    ask: (world) =>
      mutate(world, 'createDossier', {
        title: 'Contratti',
        documents: [{ title: 'Contratto', fields: FIELDS }],
      }),
  },
  {
    operationId: 'getSignerByFiscalCode',
    effect: 'read',
    ask: (world) => mutate(world, 'findSigner', { fiscalCode: 'SPNDNL80R13C555X' }),
  },
  {
    operationId: 'createSignatureRequest',
    effect: 'write',
    without: 'unknown-outcome',
    ask: (world) =>
      mutate(world, 'createSignatureRequest', {
        dossierId: world.draft.dossierId,
        signerId: world.draft.signerId,
      }),
  },
  {
    operationId: 'setSignatureRequestStatus',
    effect: 'write',
    without: 'read-back',
    ask: (world) => mutate(world, 'cancelSignatureRequest', { signatureRequestId: world.waiting.id }),
  },
  {
    operationId: 'sendNotification',
    effect: 'write',
    without: 'read-back',
    ask: (world) => mutate(world, 'notifySigner', { signatureRequestId: world.waiting.id }),
  },
  {
    operationId: 'validateDocument',
    effect: 'stream',
    ask: async ({ upload }) =>
      upload(mutationOf('validateDocument'), { input: { file: null } }, new Uint8Array(await makePdf())),
  },
];

type Code =
  'UPSTREAM_TIMEOUT' | 'UPSTREAM_UNAVAILABLE' | 'UPSTREAM_REFUSED' | 'UPSTREAM_CONTRACT' | 'RATE_LIMITED';

/** A fault of each operation, the error that the caller gets, and the number of upstream calls. */
interface Row {
  readonly name: string;
  readonly fault: CallFault;
  /** Empty if the operation succeeds. */
  readonly code?: Code;
  readonly extensions?: object;
  readonly calls: Readonly<Record<Operation['effect'], number>>;
}

const ONCE = { read: 1, write: 1, stream: 1 };
const READS_RETRIED = { read: 3, write: 1, stream: 1 };
const NOT_STREAMS = { read: 3, write: 3, stream: 1 };

/** One entry for each kind of fault: the compiler checks that none is missing. */
const FAULTS: Readonly<Record<CallFault['kind'], readonly Row[]>> = {
  status: [
    {
      name: 'the backend fails',
      fault: { kind: 'status', status: 500, detail: UPSTREAM_WORDS },
      code: 'UPSTREAM_UNAVAILABLE',
      calls: READS_RETRIED,
    },
    {
      name: 'the API gateway cannot reach the backend',
      fault: { kind: 'status', status: 503, envelope: 'gateway', detail: UPSTREAM_WORDS },
      code: 'UPSTREAM_UNAVAILABLE',
      calls: READS_RETRIED,
    },
    {
      name: 'the backend does not know the key',
      fault: { kind: 'status', status: 401 },
      code: 'UPSTREAM_REFUSED',
      calls: ONCE,
    },
    {
      name: 'the API gateway does not know the key',
      fault: { kind: 'status', status: 401, envelope: 'gateway', detail: UPSTREAM_WORDS },
      code: 'UPSTREAM_REFUSED',
      calls: ONCE,
    },
    {
      name: 'the API gateway does not have the path',
      fault: { kind: 'status', status: 404, envelope: 'gateway' },
      code: 'UPSTREAM_CONTRACT',
      calls: ONCE,
    },
    {
      name: 'the API gateway refuses the call',
      fault: { kind: 'status', status: 400, envelope: 'gateway', detail: UPSTREAM_WORDS },
      code: 'UPSTREAM_CONTRACT',
      calls: ONCE,
    },
    {
      name: 'the rate budget of the key is used up',
      fault: { kind: 'status', status: 429 },
      code: 'RATE_LIMITED',
      calls: NOT_STREAMS,
    },
  ],
  'rate-limit': [
    {
      name: 'Retry-After is later than the deadline',
      fault: { kind: 'rate-limit', retryAfterSeconds: A_MINUTE_S },
      code: 'RATE_LIMITED',
      extensions: { retryAfterSeconds: A_MINUTE_S },
      calls: ONCE,
    },
  ],
  latency: [
    {
      name: 'the answer comes within the deadline',
      fault: { kind: 'latency', ms: 60, jitterMs: 40 },
      calls: ONCE,
    },
    {
      name: 'the answer does not come',
      fault: { kind: 'latency', ms: FOR_EVER_MS },
      code: 'UPSTREAM_TIMEOUT',
      calls: ONCE,
    },
  ],
  reset: (['before', 'after', 'middle'] as const).map((when) => ({
    name: `the connection breaks, ${when}`,
    fault: { kind: 'reset', when },
    code: 'UPSTREAM_TIMEOUT',
    calls: READS_RETRIED,
  })),
  'slow-body': [
    { name: 'the body ends within the deadline', fault: { kind: 'slow-body', ms: 100 }, calls: ONCE },
    {
      name: 'the body does not end',
      fault: { kind: 'slow-body', ms: FOR_EVER_MS },
      code: 'UPSTREAM_TIMEOUT',
      calls: ONCE,
    },
  ],
  'malformed-body': [
    {
      name: 'the body is not JSON',
      fault: { kind: 'malformed-body' },
      code: 'UPSTREAM_CONTRACT',
      calls: ONCE,
    },
  ],
  'truncated-body': [
    { name: 'half a body', fault: { kind: 'truncated-body' }, code: 'UPSTREAM_CONTRACT', calls: ONCE },
  ],
  'wrong-content-type': [
    {
      name: 'a page with status 200',
      fault: { kind: 'wrong-content-type' },
      code: 'UPSTREAM_CONTRACT',
      calls: ONCE,
    },
    {
      name: 'the page of a proxy',
      fault: { kind: 'wrong-content-type', status: 502 },
      code: 'UPSTREAM_UNAVAILABLE',
      calls: READS_RETRIED,
    },
  ],
};

const callsOf = ({ sandbox }: World, operationId: string): JournalEntry[] =>
  sandbox.journal.entries({ operationId });

function expectRecovery(answer: Answer): void {
  expect(answer).not.toHaveProperty('errors');
  expect(JSON.stringify(answer)).not.toMatch(/Error|"\w+":null/);
}

/** The outcome that the caller gets. */
function expectUnknownOutcome({ data, errors }: Answer): void {
  expect(errors).toBeUndefined();
  expect(Object.values(data)).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
}

/** The service performed the call, and its answer was lost. */
const isCarriedOut = (fault: CallFault): boolean =>
  fault.kind === 'slow-body' || (fault.kind === 'reset' && fault.when !== 'before');

describe.each(OPERATIONS)('$operationId', ({ operationId, effect, without, ask }) => {
  test.each(Object.values(FAULTS).flat())('$name', async ({ fault, code, extensions, calls }) => {
    const isForEver = 'ms' in fault && fault.ms === FOR_EVER_MS;
    const world = await startWorld(isForEver ? SHORT_DEADLINE_MS : LONG_DEADLINE_MS);
    const id = world.sandbox.faults.add({ ...fault, operation: operationId });
    const answer = await ask(world);
    expectNoSecrets(JSON.stringify({ ...answer, data: code && answer.data }));
    world.logs.expectNoSecrets();
    const isShown = without === 'read-back' && isCarriedOut(fault);
    if (code === undefined || isShown) expectRecovery(answer);
    else if (without !== undefined && code === 'UPSTREAM_TIMEOUT') expectUnknownOutcome(answer);
    else {
      expect(answer.errors).toMatchObject([{ extensions: { code } }]);
      expect(answer.errors?.[0]?.extensions).toEqual({ code, ...extensions });
    }
    // The sandbox notices an aborted call a moment later.
    await expect.poll(() => callsOf(world, operationId)).toHaveLength(calls[effect]);
    for (const { faults } of callsOf(world, operationId)) expect(faults).toEqual([id]);
  });

  /** Faults of a single call. */
  test.each<[string, CallFault, recovers: readonly Operation['effect'][]]>([
    ['fails', { kind: 'status', status: 500 }, ['read']],
    ['cannot be reached by the API gateway', { kind: 'status', status: 503, envelope: 'gateway' }, ['read']],
    ['is behind a proxy that fails', { kind: 'wrong-content-type', status: 502 }, ['read']],
    ['does not receive the call', { kind: 'reset', when: 'before' }, ['read']],
    ['answers into a broken connection', { kind: 'reset', when: 'after' }, ['read']],
    ['sends half of its answer', { kind: 'reset', when: 'middle' }, ['read']],
    ['answers 429', { kind: 'status', status: 429 }, ['read', 'write']],
  ])('the service %s once', async (_, fault, recovers) => {
    const world = await startWorld();
    world.sandbox.faults.add({ ...fault, operation: operationId, count: 1 });
    const answer = await ask(world);
    const isRetried = recovers.includes(effect);
    const isShown = without === 'read-back' && isCarriedOut(fault);
    if (isRetried || isShown) expectRecovery(answer);
    else if (without !== undefined && fault.kind === 'reset') expectUnknownOutcome(answer);
    else expect(answer.errors).toHaveLength(1);
    await expect.poll(() => callsOf(world, operationId)).toHaveLength(isRetried ? 2 : 1);
  });
});

test('a 429 with Retry-After: 1 is retried after a second', async () => {
  const logs = logSink();
  const world = await startGateway({ logger: logs.logger });
  const [draft] = (await world.sandbox.seed({ requests: [{}] })).requests;
  world.sandbox.faults.add({ kind: 'rate-limit', operation: 'getSignatureRequest', count: 1 });
  const before = performance.now();
  const { data } = await world.run(`{ signatureRequest(id: "${draft?.id}") { status } }`);
  expect(data).toEqual({ signatureRequest: { status: 'DRAFT' } });
  expect(performance.now() - before).toBeGreaterThan(990);
});

describe('a fault applies to', () => {
  const status: Fault = { kind: 'status', status: 401, operation: 'getDossier' };
  /** Which of six reads fail. */
  async function outcomes(fault: Fault): Promise<string> {
    const world = await startWorld();
    world.sandbox.faults.add(fault);
    let pattern = '';
    for (let nth = 0; nth < 6; nth += 1) {
      const { errors } = await world.run(`{ dossier(id: "${world.draft.dossierId}") { title } }`);
      pattern += errors === undefined ? '.' : 'F';
    }
    return pattern;
  }

  test.each<[string, Fault, string]>([
    ['every caller', status, 'FFFFFF'],
    ['the nth call', { ...status, nth: 3 }, '..F...'],
    ['the given number of calls', { ...status, count: 2 }, 'FF....'],
    ['the given number of calls from the nth on', { ...status, nth: 2, count: 3 }, '.FFF..'],
    ['no call', { ...status, probability: 0 }, '......'],
    ['every call, with a probability of 1', { ...status, probability: 1 }, 'FFFFFF'],
    ['no call, when it is for another operation', { ...status, operation: 'createDossier' }, '......'],
    ['every call of any operation', { ...status, operation: '*' }, 'FFFFFF'],
  ])('%s', async (_, fault, pattern) => {
    expect(await outcomes(fault)).toBe(pattern);
  });

  test('the same random calls for the same seed', async () => {
    const fault = { ...status, probability: 0.5 };
    const pattern = await outcomes(fault);
    expect(pattern).toMatch(/^(?=.*F)(?=.*\.)/);
    expect(await outcomes(fault)).toBe(pattern);
  });
});
