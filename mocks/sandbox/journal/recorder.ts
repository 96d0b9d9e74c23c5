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

/** Further violations are dropped, so that memory does not grow in a sandbox that runs for long. */
const MAX_RECORDED = 1_000;

/** Records the violations and bugs of a sandbox. */
export class Recorder {
  readonly #logger: SandboxLogger | undefined;
  readonly #violations: Violation[] = [];
  readonly #bugs: unknown[] = [];

  constructor(logger: SandboxLogger | undefined) {
    this.#logger = logger;
  }

  get violations(): readonly Violation[] {
    return this.#violations;
  }

  takeViolations(): Violation[] {
    return this.#violations.splice(0);
  }

  recordViolation(given: Violation): void {
    const violation = { ...given, path: maskFiscalCodes(given.path) };
    this.#logger?.warn(violation, 'contract violation');
    if (this.#violations.length < MAX_RECORDED) this.#violations.push(violation);
  }

  /** Records an unexpected exception. */
  recordBug(error: unknown): void {
    this.#logger?.warn({ err: error }, 'bug in the sandbox');
    if (this.#bugs.length < MAX_RECORDED) this.#bugs.push(error);
  }

  /** @throws Error listing the remaining violations and the bugs; its cause is the first bug */
  throwIfFaulty(): void {
    if (this.#violations.length === 0 && this.#bugs.length === 0) return;
    const lines = [...this.#violations.map(lineOfViolation), ...this.#bugs.map(String)];
    // Not an AggregateError: vitest prints nothing for one without errors.
    throw new Error(['The sandbox was closed with contract violations or bugs:', ...lines].join('\n  '), {
      cause: this.#bugs[0],
    });
  }
}

/** A violation as one line of text. */
export function lineOfViolation({ direction, operationId, method, path, messages }: Violation): string {
  return `${direction} of ${operationId ?? 'no operation'} (${method} ${path}): ${messages.join('; ')}`;
}
