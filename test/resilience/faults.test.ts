import { describe, expect, test } from 'vitest';
import type { CallFault, Fault } from '../../mocks/sandbox/faults/fault.ts';
import type { JournalEntry } from '../../mocks/sandbox/journal/journal-entry.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { API_KEY, UPSTREAM_WORDS, expectNoSecrets, logSink } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

type World = Awaited<ReturnType<typeof startWorld>>;
type Answer = Awaited<ReturnType<World['run']>>;

/** Of a call that is not going to be answered. */
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

/** A call of the service, and what a caller of the gateway asks to bring it about. */
interface Operation {
  readonly operationId: string;
  /** What only reads is repeated when it fails, what writes is not, and what was streamed cannot be. */
  readonly sort: 'read' | 'write' | 'stream';
  /** Without an answer, nobody knows whether it has made something; or the request shows whether it has changed. */
  readonly without?: 'doubt' | 'read-back';
  readonly ask: (world: World) => Promise<Answer>;
}

const mutate = ({ run }: World, name: string, input: object) => run(mutationOf(name), { input });
const FIELDS = [{ clause: { title: 'Firma', type: 'REQUIRED' }, position: { uniqueName: 'S' } }];

const OPERATIONS: readonly Operation[] = [
  {
    operationId: 'getDossier',
    sort: 'read',
    ask: ({ run, draft }) => run(`{ dossier(id: "${draft.dossierId}") { title } }`),
  },
  {
    operationId: 'getRequestsByDossier',
    sort: 'read',
    ask: ({ run, draft }) =>
      run(`{ dossier(id: "${draft.dossierId}") { signatureRequests { nodes { id } } } }`),
  },
  {
    operationId: 'getSignatureRequest',
    sort: 'read',
    ask: ({ run, draft }) => run(`{ signatureRequest(id: "${draft.id}") { status } }`),
  },
  {
    operationId: 'getDocumentUploadUrl',
    sort: 'read',
    ask: (world) =>
      mutate(world, 'createUploadUrl', {
        signatureRequestId: world.draft.id,
        documentId: world.draft.documentIds[0],
      }),
  },
  {
    operationId: 'createDossier',
    sort: 'write',
    without: 'doubt',
    ask: (world) =>
      mutate(world, 'createDossier', {
        title: 'Contratti',
        documents: [{ title: 'Contratto', fields: FIELDS }],
      }),
  },
  {
    operationId: 'getSignerByFiscalCode',
    sort: 'read',
    ask: (world) => mutate(world, 'findSigner', { fiscalCode: 'SPNDNL80R13C555X' }),
  },
  {
    operationId: 'createSignatureRequest',
    sort: 'write',
    without: 'doubt',
    ask: (world) =>
      mutate(world, 'createSignatureRequest', {
        dossierId: world.draft.dossierId,
        signerId: world.draft.signerId,
      }),
  },
  {
    operationId: 'setSignatureRequestStatus',
    sort: 'write',
    without: 'read-back',
    ask: (world) => mutate(world, 'cancelSignatureRequest', { signatureRequestId: world.waiting.id }),
  },
  {
    operationId: 'sendNotification',
    sort: 'write',
    without: 'read-back',
    ask: (world) => mutate(world, 'notifySigner', { signatureRequestId: world.waiting.id }),
  },
  {
    operationId: 'validateDocument',
    sort: 'stream',
    ask: async ({ upload }) =>
      upload(mutationOf('validateDocument'), { input: { file: null } }, new Uint8Array(await makePdf())),
  },
];

type Code =
  'UPSTREAM_TIMEOUT' | 'UPSTREAM_UNAVAILABLE' | 'UPSTREAM_REFUSED' | 'UPSTREAM_CONTRACT' | 'RATE_LIMITED';

/** A fault that each operation meets, what the caller is told, and how often the service was called. */
interface Row {
  readonly name: string;
  readonly fault: CallFault;
  /** None where the caller notices nothing. */
  readonly code?: Code;
  readonly extensions?: object;
  readonly calls: Readonly<Record<Operation['sort'], number>>;
}

const ONCE = { read: 1, write: 1, stream: 1 };
const READS_REPEATED = { read: 3, write: 1, stream: 1 };
const NOT_STREAMS = { read: 3, write: 3, stream: 1 };

/** The compiler asks for each kind of fault of a call. */
const FAULTS: Readonly<Record<CallFault['kind'], readonly Row[]>> = {
  status: [
    {
      name: 'the backend fails',
      fault: { kind: 'status', status: 500, detail: UPSTREAM_WORDS },
      code: 'UPSTREAM_UNAVAILABLE',
      calls: READS_REPEATED,
    },
    {
      name: 'the API gateway finds no backend',
      fault: { kind: 'status', status: 503, envelope: 'gateway', detail: UPSTREAM_WORDS },
      code: 'UPSTREAM_UNAVAILABLE',
      calls: READS_REPEATED,
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
      name: 'the API gateway knows no such path',
      fault: { kind: 'status', status: 404, envelope: 'gateway' },
      code: 'UPSTREAM_CONTRACT',
      calls: ONCE,
    },
    {
      name: 'the API gateway refuses the call for a reason of its own',
      fault: { kind: 'status', status: 400, envelope: 'gateway', detail: UPSTREAM_WORDS },
      code: 'UPSTREAM_CONTRACT',
      calls: ONCE,
    },
    {
      name: 'the backend is asked too often',
      fault: { kind: 'status', status: 429 },
      code: 'RATE_LIMITED',
      calls: NOT_STREAMS,
    },
  ],
  'rate-limit': [
    {
      name: 'the caller is to come back after the deadline',
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
    calls: READS_REPEATED,
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
      name: 'the body is no JSON',
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
      calls: READS_REPEATED,
    },
  ],
};

const callsOf = ({ sandbox }: World, operationId: string): JournalEntry[] =>
  sandbox.journal.entries({ operationId });

function expectRecovery(answer: Answer): void {
  expect(answer).not.toHaveProperty('errors');
  expect(JSON.stringify(answer)).not.toMatch(/Error|"\w+":null/);
}

/** An outcome that the caller can act on. */
function expectDoubt({ data, errors }: Answer): void {
  expect(errors).toBeUndefined();
  expect(Object.values(data)).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
}

/** The service has done what was asked, though nobody was told. */
const isCarriedOut = (fault: CallFault): boolean =>
  fault.kind === 'slow-body' || (fault.kind === 'reset' && fault.when !== 'before');

describe.each(OPERATIONS)('$operationId', ({ operationId, sort, without, ask }) => {
  test.each(Object.values(FAULTS).flat())('$name', async ({ fault, code, extensions, calls }) => {
    const isForEver = 'ms' in fault && fault.ms === FOR_EVER_MS;
    const world = await startWorld(isForEver ? SHORT_DEADLINE_MS : LONG_DEADLINE_MS);
    const id = world.sandbox.faults.add({ ...fault, operation: operationId });
    const answer = await ask(world);
    expectNoSecrets(JSON.stringify({ ...answer, data: code && answer.data }));
    world.logs.expectNoSecrets();
    const isShown = without === 'read-back' && isCarriedOut(fault);
    if (code === undefined || isShown) expectRecovery(answer);
    else if (without !== undefined && code === 'UPSTREAM_TIMEOUT') expectDoubt(answer);
    else {
      expect(answer.errors).toMatchObject([{ extensions: { code } }]);
      expect(answer.errors?.[0]?.extensions).toEqual({ code, ...extensions });
    }
    // A call that is broken off ends a moment later for the sandbox.
    await expect.poll(() => callsOf(world, operationId)).toHaveLength(calls[sort]);
    for (const { faults } of callsOf(world, operationId)) expect(faults).toEqual([id]);
  });

  /** One call meets the fault. */
  test.each<[string, CallFault, recovers: readonly Operation['sort'][]]>([
    ['fails', { kind: 'status', status: 500 }, ['read']],
    ['cannot be reached by the API gateway', { kind: 'status', status: 503, envelope: 'gateway' }, ['read']],
    ['is behind a proxy that fails', { kind: 'wrong-content-type', status: 502 }, ['read']],
    ['does not get the call', { kind: 'reset', when: 'before' }, ['read']],
    ['answers into a broken connection', { kind: 'reset', when: 'after' }, ['read']],
    ['answers by half', { kind: 'reset', when: 'middle' }, ['read']],
    ['has too much to do', { kind: 'status', status: 429 }, ['read', 'write']],
  ])('the service %s once', async (_, fault, recovers) => {
    const world = await startWorld();
    world.sandbox.faults.add({ ...fault, operation: operationId, count: 1 });
    const answer = await ask(world);
    const isRepeated = recovers.includes(sort);
    const isShown = without === 'read-back' && isCarriedOut(fault);
    if (isRepeated || isShown) expectRecovery(answer);
    else if (without !== undefined && fault.kind === 'reset') expectDoubt(answer);
    else expect(answer.errors).toHaveLength(1);
    await expect.poll(() => callsOf(world, operationId)).toHaveLength(isRepeated ? 2 : 1);
  });
});

test('a caller who is told to come back after a second does so by itself', async () => {
  const logs = logSink();
  const world = await startGateway({ logger: logs.logger });
  const [draft] = (await world.sandbox.seed({ requests: [{}] })).requests;
  world.sandbox.faults.add({ kind: 'rate-limit', operation: 'getSignatureRequest', count: 1 });
  const before = performance.now();
  const { data } = await world.run(`{ signatureRequest(id: "${draft?.id}") { status } }`);
  expect(data).toEqual({ signatureRequest: { status: 'DRAFT' } });
  expect(performance.now() - before).toBeGreaterThan(990);
});

describe('a fault meets', () => {
  const status: Fault = { kind: 'status', status: 401, operation: 'getDossier' };
  /** Which of six readers are told of it. */
  async function told(fault: Fault): Promise<string> {
    const world = await startWorld();
    world.sandbox.faults.add(fault);
    let pattern = '';
    for (let nth = 0; nth < 6; nth += 1) {
      const { errors } = await world.run(`{ dossier(id: "${world.draft.dossierId}") { title } }`);
      pattern += errors === undefined ? '.' : 'X';
    }
    return pattern;
  }

  test.each<[string, Fault, string]>([
    ['every caller', status, 'XXXXXX'],
    ['the nth caller', { ...status, nth: 3 }, '..X...'],
    ['so many callers', { ...status, count: 2 }, 'XX....'],
    ['so many callers from the nth on', { ...status, nth: 2, count: 3 }, '.XXX..'],
    ['nobody', { ...status, probability: 0 }, '......'],
    ['every caller, by all odds', { ...status, probability: 1 }, 'XXXXXX'],
    ['nobody, when it is for another operation', { ...status, operation: 'createDossier' }, '......'],
    ['every caller, whatever they call', { ...status, operation: '*' }, 'XXXXXX'],
  ])('%s', async (_, fault, pattern) => {
    expect(await told(fault)).toBe(pattern);
  });

  test('the same callers by chance, each time the dice are the same', async () => {
    const fault = { ...status, probability: 0.5 };
    const pattern = await told(fault);
    expect(pattern).toMatch(/^(?=.*X)(?=.*\.)/);
    expect(await told(fault)).toBe(pattern);
  });
});
