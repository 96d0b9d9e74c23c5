import { maskFiscalCodes } from '../http/mask.ts';

/** A call that broke the contract. */
export interface Violation {
  /** `request`: the caller sent what the contract forbids. `response`: the sandbox answered what it does not allow. */
  readonly direction: 'request' | 'response';
  /** Undefined when the contract has no such path or method. */
  readonly operationId: string | undefined;
  readonly method: string;
  /** Without the query; fiscal codes are masked. */
  readonly path: string;
  readonly messages: readonly string[];
}

/** Where warnings go; pino's loggers fit. */
export interface SandboxLogger {
  warn(facts: Violation | { readonly err: unknown }, message: string): void;
}

/** What went wrong in a sandbox, for whoever asks afterwards. */
export interface Recorder {
  readonly violations: readonly Violation[];
  takeViolations(): Violation[];
  violation(violation: Violation): void;
  /** An exception that nobody expected. */
  bug(error: unknown): void;
  /** @throws Error listing violations that nobody took, and bugs, the first of them as its cause */
  complain(): void;
}

/** The latest are dropped beyond this when nobody takes them, so that a sandbox can be left running. */
const MAX_COMPLAINTS = 1_000;

export function createRecorder(logger: SandboxLogger | undefined): Recorder {
  const violations: Violation[] = [];
  const bugs: unknown[] = [];
  return {
    violations,
    takeViolations: () => violations.splice(0),
    violation(given) {
      const violation = { ...given, path: maskFiscalCodes(given.path) };
      logger?.warn(violation, 'contract violation');
      if (violations.length < MAX_COMPLAINTS) violations.push(violation);
    },
    bug(error) {
      logger?.warn({ err: error }, 'bug in the sandbox');
      if (bugs.length < MAX_COMPLAINTS) bugs.push(error);
    },
    complain() {
      if (violations.length === 0 && bugs.length === 0) return;
      const lines = [...violations.map(lineOfViolation), ...bugs.map(String)];
      // No AggregateError: of one without errors in it, vitest shows nothing.
      throw new Error(['The sandbox was closed with complaints:', ...lines].join('\n  '), { cause: bugs[0] });
    },
  };
}

/** A violation in one line. */
export function lineOfViolation({ direction, operationId, method, path, messages }: Violation): string {
  return `${direction} of ${operationId ?? 'no operation'} (${method} ${path}): ${messages.join('; ')}`;
}
