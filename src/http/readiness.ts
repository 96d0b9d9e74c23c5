import type { Logger } from 'pino';
import type { GatewayEvents } from '../observability/events.ts';

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

export interface Readiness {
  /** Never rejects. Each check runs at most once in `maxAgeMs`. */
  state(): Promise<ReadinessState>;
  /** Reports a failure outside a check, or undefined for a recovery. The next `state` checks again. */
  report(name: string, cause: Error | undefined): void;
  /** From now on the state is `stopping`. */
  stop(): void;
}

/** Whether load balancers should send requests to this gateway. */
export function createReadiness(options: ReadinessOptions): Readiness {
  const { checks, maxAgeMs = 5_000, timeoutMs = 2_000, onChange } = options;
  const unusable = new Set<string>();
  let isStopping = false;
  let latest: { readonly until: number; readonly areUsable: Promise<boolean> } | undefined;

  const noteUsable = (name: string): void => {
    if (unusable.delete(name)) onChange?.(name, true);
  };
  const noteUnusable = (name: string, cause: unknown): void => {
    if (!unusable.has(name)) onChange?.(name, false, cause);
    unusable.add(name);
  };
  const isUsable = async ({ name, check }: ReadinessCheck): Promise<boolean> => {
    try {
      await check(AbortSignal.timeout(timeoutMs));
      noteUsable(name);
      return true;
    } catch (cause) {
      noteUnusable(name, cause);
      return false;
    }
  };

  return {
    async state() {
      if (isStopping) return 'stopping';
      if (latest === undefined || performance.now() >= latest.until) {
        const areUsable = Promise.all(checks.map(isUsable)).then((all) => all.every(Boolean));
        latest = { until: performance.now() + maxAgeMs, areUsable };
      }
      const areUsable = await latest.areUsable;
      // A shutdown may have begun meanwhile.
      return isStopping ? 'stopping' : areUsable ? 'ready' : 'unavailable';
    },
    report(name, cause) {
      latest = undefined;
      if (cause === undefined) noteUsable(name);
      else noteUnusable(name, cause);
    },
    stop() {
      isStopping = true;
    },
  };
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
