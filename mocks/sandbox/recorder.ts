/** A call that broke the contract. */
export interface Violation {
  /** `request`: the caller sent what the contract forbids. `response`: the sandbox answered what it does not allow. */
  readonly direction: 'request' | 'response';
  /** Undefined when the contract has no such path or method. */
  readonly operationId: string | undefined;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly messages: readonly string[];
}

/** A call that was answered. */
export interface RecordedCall {
  /** Of the contract, or `putBlob`, `putBlock`, `putBlockList`, `getBlob`, `deleteBlob` for the storage. */
  readonly operationId: string | undefined;
  readonly method: string;
  /** Without the query, so without signatures. */
  readonly path: string;
  readonly status: number;
}

/** What a test can ask a sandbox about afterwards. */
export interface Recorder {
  readonly violations: readonly Violation[];
  takeViolations(): Violation[];
  readonly calls: readonly RecordedCall[];
  violation(violation: Violation): void;
  call(call: RecordedCall): void;
}

/** The oldest calls are forgotten beyond this, so that a sandbox can be left running. */
const MAX_CALLS = 10_000;
/** Likewise for violations nobody takes. */
const MAX_VIOLATIONS = 1_000;

export function createRecorder(): Recorder {
  const violations: Violation[] = [];
  const calls: RecordedCall[] = [];
  return {
    violations,
    takeViolations: () => violations.splice(0),
    calls,
    violation(violation) {
      if (violations.length < MAX_VIOLATIONS) violations.push(violation);
    },
    call(call) {
      if (calls.length >= MAX_CALLS) calls.shift();
      calls.push(call);
    },
  };
}
