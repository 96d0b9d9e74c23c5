import { fetchAsCaller } from '../gateway/token.ts';
import type { components } from '../../../mocks/sandbox/control/openapi.d.ts';

type Schemas = components['schemas'];
export type Clock = Schemas['Clock'];
export type Fault = Schemas['Fault'];
export type ActiveFault = Schemas['ActiveFault'];
export type JournalEntry = Schemas['JournalEntry'];
export type Violation = Schemas['Violation'];
export type WaitingRequest = Schemas['WaitingRequest'];
export type Snapshot = Schemas['Snapshot'];

/** The control API refused a call, or did not answer. `detail` is English text of the sandbox. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: string | undefined;

  constructor(detail: string, code?: string) {
    super(detail);
    this.code = code;
  }
}

/** From the sandbox `detail` and `code`, from the gateway before it `errors`. */
interface Refusal {
  readonly detail: string;
  readonly code: string;
  readonly errors: readonly { readonly message: string }[];
}

/** Calls the control API of the sandbox, which the gateway serves at its own origin. @throws {ControlError} */
async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetchAsCaller(`/_sandbox${path}`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  }).catch(() => {
    throw new ControlError('The gateway does not answer.', 'UNREACHABLE');
  });
  const text = await response.text();
  const answer: unknown = text === '' ? undefined : JSON.parse(text);
  if (response.ok) return answer as T;
  const { detail, code, errors } = (answer ?? {}) as Partial<Refusal>;
  throw new ControlError(detail ?? errors?.[0]?.message ?? `Status ${response.status}`, code);
}

export type Outcome = 'signed' | { fails: string };

export const control = {
  clock: () => call<Clock>('GET', '/clock'),
  freeze: () => call<Clock>('POST', '/clock/freeze', {}),
  resume: () => call<Clock>('POST', '/clock/resume'),
  advance: (milliseconds: number) => call<Clock>('POST', '/clock/advance', { milliseconds }),
  waiting: (fiscalCode: string) =>
    call<{ requests: WaitingRequest[] }>('POST', '/citizen/waiting', { fiscalCode }),
  sign: (id: string, clauses: readonly string[], outcome: Outcome) =>
    call<{ status: string }>('POST', '/citizen/sign', { id, clauses, outcome }),
  complete: (id: string, outcome: Outcome) =>
    call<{ status: string }>('POST', '/citizen/complete', { id, outcome }),
  faults: () => call<{ faults: ActiveFault[] }>('GET', '/faults'),
  addFault: (fault: Fault) => call<{ id: string }>('POST', '/faults', fault),
  removeFault: (id: string) => call<undefined>('DELETE', `/faults/${encodeURIComponent(id)}`),
  journal: (after: number) => call<{ entries: JournalEntry[] }>('GET', `/journal?after=${after}`),
  violations: () => call<{ violations: Violation[] }>('GET', '/violations'),
  takeViolations: () => call<{ violations: Violation[] }>('DELETE', '/violations'),
  snapshots: () => call<{ snapshots: Snapshot[] }>('GET', '/snapshots'),
  takeSnapshot: () => call<Snapshot>('POST', '/snapshots'),
  restore: (id: string) => call<undefined>('POST', `/snapshots/${encodeURIComponent(id)}/restore`),
  seed: (fiscalCode: string) =>
    call<{ requests: { id: string }[] }>('POST', '/seed', {
      requests: [{ status: 'WAIT_FOR_SIGNATURE', notified: true, signer: { fiscalCode } }],
    }),
  reset: () => call<undefined>('POST', '/reset'),
};
