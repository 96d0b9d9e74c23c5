import { readFile } from 'node:fs/promises';
import { API_BASE } from '../http/api.ts';
import { CitizenError } from '../model/citizen.ts';
import type { Citizen } from '../model/citizen.ts';
import { CONTROL_CONTRACT } from '../http/contract.ts';
import { InvalidFaultError, parseFault } from '../faults/parse-fault.ts';
import type { Answer } from '../http/problems.ts';
import { SeedError } from '../data/seed-input.ts';
import type { Controls } from './controls.ts';
import { readJournal } from './journal-query.ts';
import type { operations } from './openapi.d.ts';
import { controlProblem } from './problem.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { VERSION } from './version.ts';
import { entryView, faultView, violationView, waitingView } from './views.ts';

/** Base path of the control API. */
export const CONTROL_BASE = '/_sandbox';

type OperationId = keyof operations;
type JsonOf<T> = T extends { content: { 'application/json': infer B } } ? B : undefined;
type BodyOf<Id extends OperationId> = JsonOf<NonNullable<operations[Id]['requestBody']>>;
type Responses<Id extends OperationId> = operations[Id]['responses'];

/** A successful response of an operation. Problems are thrown. */
type Reply<Id extends OperationId> = {
  [Status in keyof Responses<Id> & (200 | 201 | 204)]: {
    readonly status: Status;
    readonly body: JsonOf<Responses<Id>[Status]>;
  };
}[keyof Responses<Id> & (200 | 201 | 204)];

/** A control call that conforms to the document. */
export interface ControlCall<Body> {
  readonly controls: Controls;
  readonly snapshots: SnapshotStore;
  /** The value of the path parameter, or '' if the path has none. */
  readonly id: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly body: Body;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  /** Scheme, host and port that the client used. */
  readonly origin: string;
}

type JsonHandlers = {
  readonly [Id in Exclude<OperationId, 'getControlDocument'>]: (
    call: ControlCall<BodyOf<Id>>,
  ) => Reply<Id> | Promise<Reply<Id>>;
};

const HANDLERS: JsonHandlers = {
  getIndex: ({ origin }) => ({
    status: 200,
    body: {
      name: 'Firma con IO sandbox',
      version: VERSION,
      links: {
        api: `${origin}${API_BASE}`,
        ...Object.fromEntries(LINKS.map((name) => [name, `${origin}${CONTROL_BASE}/${name}`])),
      },
    },
  }),

  reset({ controls }) {
    controls.reset();
    return NO_CONTENT;
  },
  async seed({ controls, body }) {
    try {
      return { status: 201, body: await controls.seed(body) };
    } catch (error) {
      if (!(error instanceof SeedError)) throw error;
      const detail =
        'Nothing was seeded, because the body has invalid records. Each violation begins with its location in the body';
      throw controlProblem(422, detail, { violations: error.violations });
    }
  },

  listSnapshots: ({ snapshots }) => ({ status: 200, body: { snapshots: snapshots.list() } }),
  takeSnapshot: ({ snapshots, controls }) => ({
    status: 201,
    body: snapshots.put(controls.snapshot(), controls.clock.now()),
  }),
  restoreSnapshot({ snapshots, controls, id }) {
    controls.restore(snapshots.get(id));
    return NO_CONTENT;
  },
  deleteSnapshot({ snapshots, id }) {
    snapshots.delete(id);
    return NO_CONTENT;
  },

  getClock: clockReply,
  freezeClock(call) {
    const at = call.body?.at;
    call.controls.clock.freeze(at === undefined ? undefined : Date.parse(at));
    return clockReply(call);
  },
  async advanceClock(call) {
    await call.controls.clock.advance(call.body.milliseconds);
    return clockReply(call);
  },
  resumeClock(call) {
    call.controls.clock.resume();
    return clockReply(call);
  },

  listWaiting({ controls, body: { fiscalCode = '', signerId } }) {
    const requests = controls.citizen.waiting(signerId === undefined ? { fiscalCode } : { signerId });
    return { status: 200, body: { requests: requests.map(waitingView) } };
  },
  signRequest: ({ controls: { citizen }, body: { id, ...options } }) =>
    citizenReply(citizen, id, () => citizen.sign(id, options)),
  completeSignature: ({ controls: { citizen }, body: { id, outcome } }) =>
    citizenReply(citizen, id, () => citizen.complete(id, outcome)),

  listFaults: ({ controls: { faults } }) => ({
    status: 200,
    body: { faults: faults.list().map(faultView) },
  }),
  addFault({ controls: { faults }, body }) {
    try {
      return { status: 201, body: { id: faults.add(parseFault(body)) } };
    } catch (error) {
      if (!(error instanceof InvalidFaultError)) throw error;
      throw controlProblem(422, error.message);
    }
  },
  clearFaults({ controls: { faults } }) {
    faults.clear();
    return NO_CONTENT;
  },
  clearFault({ controls: { faults }, id }) {
    if (faults.clear(id) > 0) return NO_CONTENT;
    throw controlProblem(404, 'No active fault has this id. GET /_sandbox/faults lists the active faults');
  },

  getJournal: async ({ controls: { journal }, query, signal }) => ({
    status: 200,
    body: { entries: (await readJournal(journal, query, signal)).map(entryView) },
  }),
  clearJournal({ controls: { journal } }) {
    journal.clear();
    return NO_CONTENT;
  },

  getViolations: ({ controls }) => ({
    status: 200,
    body: { violations: controls.violations.map(violationView) },
  }),
  takeViolations: ({ controls }) => ({
    status: 200,
    body: { violations: controls.takeViolations().map(violationView) },
  }),
};

const LINKS = [
  'openapi.yaml',
  'reset',
  'seed',
  'snapshots',
  'clock',
  'clock/freeze',
  'clock/advance',
  'clock/resume',
  'citizen/waiting',
  'citizen/sign',
  'citizen/complete',
  'faults',
  'journal',
  'violations',
] as const;
const NO_CONTENT = { status: 204, body: undefined } as const;

function clockReply({ controls: { clock } }: ControlCall<unknown>) {
  return { status: 200, body: { now: new Date(clock.now()).toISOString(), frozen: clock.frozen } } as const;
}

/** @throws Refusal 404 or 409 for a CitizenError */
function citizenReply(citizen: Citizen, id: string, act: () => void) {
  try {
    act();
    return { status: 200, body: { status: citizen.statusOf(id) } } as const;
  } catch (error) {
    if (!(error instanceof CitizenError)) throw error;
    throw controlProblem(error.code === 'UNKNOWN_REQUEST' ? 404 : 409, error.message, { code: error.code });
  }
}

/**
 * Performs a control call.
 * @throws Refusal with a problem of the control API
 */
export async function handleControl(operationId: string, call: ControlCall<unknown>): Promise<Answer> {
  if (operationId === 'getControlDocument') {
    const body = await readFile(CONTROL_CONTRACT, 'utf8');
    return { status: 200, headers: { 'content-type': 'application/yaml' }, body };
  }
  // Prism has validated the body against the document from which the types are generated.
  const handler = HANDLERS[operationId as keyof JsonHandlers] as (
    call: ControlCall<unknown>,
  ) => Reply<OperationId> | Promise<Reply<OperationId>>;
  const { status, body } = await handler(call);
  return { status, headers: body === undefined ? {} : { 'content-type': 'application/json' }, body };
}
