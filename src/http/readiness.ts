import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { GatewayEvents } from '../observability/events.ts';
import { sendAnswer, errorBody } from './answer.ts';

export type ReadinessState = 'ready' | 'unavailable' | 'stopping';

/** A dependency without which the gateway cannot work. */
export interface ReadinessCheck {
  /** From a fixed set, for logs and metrics: `service`, `redis`. */
  readonly name: string;
  /** Rejects when the dependency is unusable. */
  readonly check: (signal: AbortSignal) => Promise<void>;
}

export interface ReadinessOptions {
  readonly checks: readonly ReadinessCheck[];
  /** How long the results of the checks are cached. @default 5 000 */
  readonly maxAgeMs?: number;
  /** The timeout of each check. @default 2 000 */
  readonly timeoutMs?: number;
  /** Called for each change; all dependencies count as usable at first. */
  readonly onChange?: (check: string, isUsable: boolean, cause?: unknown) => void;
}

/** Whether load balancers should send requests to this gateway. */
export class Readiness {
  readonly #checks: readonly ReadinessCheck[];
  readonly #maxAgeMs: number;
  readonly #timeoutMs: number;
  readonly #onChange: ReadinessOptions['onChange'];
  readonly #unusable = new Set<string>();
  #isStopping = false;
  #latest: { readonly until: number; readonly areUsable: Promise<boolean> } | undefined;

  constructor({ checks, maxAgeMs = 5_000, timeoutMs = 2_000, onChange }: ReadinessOptions) {
    this.#checks = checks;
    this.#maxAgeMs = maxAgeMs;
    this.#timeoutMs = timeoutMs;
    this.#onChange = onChange;
  }

  /** Never rejects. Each check runs at most once in `maxAgeMs`. */
  async state(): Promise<ReadinessState> {
    if (this.#isStopping) return 'stopping';
    if (this.#latest === undefined || performance.now() >= this.#latest.until) {
      const checked = Promise.all(this.#checks.map((check) => this.#isUsable(check)));
      const areUsable = checked.then((all) => all.every(Boolean));
      this.#latest = { until: performance.now() + this.#maxAgeMs, areUsable };
    }
    const areUsable = await this.#latest.areUsable;
    // A shutdown may have begun meanwhile.
    return this.#isStopping ? 'stopping' : areUsable ? 'ready' : 'unavailable';
  }

  /** Reports a failure outside a check, or undefined for a recovery. The next `state` checks again. */
  report(name: string, cause: Error | undefined): void {
    this.#latest = undefined;
    if (cause === undefined) this.#noteUsable(name);
    else this.#noteUnusable(name, cause);
  }

  /** From now on the state is `stopping`. */
  stop(): void {
    this.#isStopping = true;
  }

  async #isUsable({ name, check }: ReadinessCheck): Promise<boolean> {
    try {
      await check(AbortSignal.timeout(this.#timeoutMs));
      this.#noteUsable(name);
      return true;
    } catch (cause) {
      this.#noteUnusable(name, cause);
      return false;
    }
  }

  #noteUsable(name: string): void {
    if (this.#unusable.delete(name)) this.#onChange?.(name, true);
  }

  #noteUnusable(name: string, cause: unknown): void {
    if (!this.#unusable.has(name)) this.#onChange?.(name, false, cause);
    this.#unusable.add(name);
  }
}

/** The log messages of each dependency: unusable, and usable again. */
const WORDS: Readonly<Record<string, readonly [string, string]>> = {
  service: ['the service cannot be reached', 'the service can be reached again'],
  redis: ['Redis cannot be used', 'Redis can be used again'],
};

/** Logs and emits each change. Causes are named by their code or class, because messages may quote URLs. */
export function readinessLog(
  logger: Logger,
  events: GatewayEvents,
): NonNullable<ReadinessOptions['onChange']> {
  return (check, isUsable, cause) => {
    events.emit('dependency', { name: check, isUsable });
    const [bad, good] = WORDS[check] ?? [`${check} cannot be used`, `${check} can be used again`];
    if (isUsable) return logger.info({ check }, `ready: ${good}`);
    logger.warn({ check, cause: codeOf(cause) }, `not ready: ${bad}`);
  };
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause;
  const { code } = cause as { code?: unknown };
  return typeof code === 'string' ? code : cause.name;
}

const ANSWERS = {
  ok: { status: 200, body: '{"status":"ok"}' },
  ready: { status: 200, body: '{"status":"ready"}' },
  unavailable: { status: 503, body: '{"status":"unavailable"}' },
  stopping: { status: 503, body: '{"status":"stopping"}' },
} as const;

const WRONG_METHOD = errorBody({ code: 'BAD_REQUEST', message: 'Probes support GET and HEAD.' });
const JSON_HEADERS = { 'content-type': 'application/json' };

/**
 * Answers `GET` and `HEAD` of `/health` (the process runs) and `/ready` (send requests here), before any other check:
 * probes need no authentication and no allowed host, and are answered under any load. The bodies are fixed: causes are for
 * the log and the metrics only.
 * @returns whether the request was a probe
 */
export function answerProbe(req: IncomingMessage, res: ServerResponse, readiness: Readiness): boolean {
  const path = pathOf(req.url ?? '');
  if (path !== '/health' && path !== '/ready') return false;
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    void sendAnswer(
      { status: 405, headers: { ...JSON_HEADERS, allow: 'GET, HEAD' }, body: WRONG_METHOD },
      res,
    );
    return true;
  }
  const headers = { ...JSON_HEADERS, 'cache-control': 'no-store' };
  const send = (answer: keyof typeof ANSWERS): void => void sendAnswer({ ...ANSWERS[answer], headers }, res);
  if (path === '/health') send('ok');
  else void readiness.state().then(send);
  return true;
}

/** The path of a request target in either form that servers receive: `/ready?x` or `http://name/ready` (RFC 9112, section 3.2). */
function pathOf(target: string): string | undefined {
  // Not as a relative URL: `//name/ready` would name another host.
  return URL.parse(target.startsWith('/') ? `http://gateway${target}` : target)?.pathname;
}
