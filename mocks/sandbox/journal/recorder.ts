import { maskFiscalCodes } from '../http/mask.ts';

/** A contract violation of one call. */
export interface Violation {
  /** `request`: the client sent an invalid request. `response`: the sandbox sent an invalid response. */
  readonly direction: 'request' | 'response';
  /** Undefined if the contract has no such path and method. */
  readonly operationId: string | undefined;
  readonly method: string;
  /** Path without the query. Fiscal codes are masked. */
  readonly path: string;
  readonly messages: readonly string[];
}

/** Receives warnings. A pino logger has this interface. */
export interface SandboxLogger {
  warn(facts: Violation | { readonly err: unknown }, message: string): void;
}

/** Records the violations and bugs of a sandbox. */
export interface Recorder {
  readonly violations: readonly Violation[];
  takeViolations(): Violation[];
  violation(violation: Violation): void;
  /** Records an unexpected exception. */
  bug(error: unknown): void;
  /** @throws Error listing the remaining violations and the bugs; its cause is the first bug */
  throwIfFaulty(): void;
}

/** Further violations are dropped, so that memory does not grow in a sandbox that runs for long. */
const MAX_RECORDED = 1_000;

export function createRecorder(logger: SandboxLogger | undefined): Recorder {
  const violations: Violation[] = [];
  const bugs: unknown[] = [];
  return {
    violations,
    takeViolations: () => violations.splice(0),
    violation(given) {
      const violation = { ...given, path: maskFiscalCodes(given.path) };
      logger?.warn(violation, 'contract violation');
      if (violations.length < MAX_RECORDED) violations.push(violation);
    },
    bug(error) {
      logger?.warn({ err: error }, 'bug in the sandbox');
      if (bugs.length < MAX_RECORDED) bugs.push(error);
    },
    throwIfFaulty() {
      if (violations.length === 0 && bugs.length === 0) return;
      const lines = [...violations.map(lineOfViolation), ...bugs.map(String)];
      // Not an AggregateError: vitest prints nothing for one without errors.
      throw new Error(['The sandbox was closed with contract violations or bugs:', ...lines].join('\n  '), {
        cause: bugs[0],
      });
    },
  };
}

/** A violation as one line of text. */
export function lineOfViolation({ direction, operationId, method, path, messages }: Violation): string {
  return `${direction} of ${operationId ?? 'no operation'} (${method} ${path}): ${messages.join('; ')}`;
}
