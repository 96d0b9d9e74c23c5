import { Redis } from 'ioredis';

/** The Redis that was named cannot be used. The message says where and why, and holds no password. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
}

export interface RedisOptions {
  /** Longest wait for one answer, in milliseconds. @default 2 000 */
  readonly commandTimeoutMs?: number;
  /** Hears when the connection is lost, once, and when it is back. */
  readonly onChange?: (isUp: boolean) => void;
}

/** Longest pause between two tries to connect again. */
const MAX_PAUSE_MS = 1_000;

/**
 * Connects to a Redis, for all that gateways share or keep beyond their end. Once it has been reached it is looked for
 * again whenever it is gone. Meanwhile commands fail, at once: none is kept back to be carried out later, when whoever
 * asked for it has given up, and none is sent twice.
 * @throws {RedisUnavailableError} when it cannot be reached now: somebody should hear of a wrong address at the start.
 */
export async function connectRedis(url: URL, options: RedisOptions = {}): Promise<Redis> {
  const { commandTimeoutMs = 2_000, onChange } = options;
  let wasUp = false;
  let isUp = false;
  let failure: unknown;
  const redis = new Redis(url.href, {
    lazyConnect: true,
    connectTimeout: 5_000,
    commandTimeout: commandTimeoutMs,
    // A peer that is gone without a word is not waited for until TCP gives it up, which takes a quarter of an hour.
    socketTimeout: commandTimeoutMs * 2,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (tries) => (wasUp ? Math.min(50 * 2 ** (tries - 1), MAX_PAUSE_MS) : null),
  });
  const setUp = (state: boolean): void => {
    if (state === isUp) return;
    isUp = state;
    onChange?.(state);
  };
  // With a listener or without: ioredis writes errors that nobody hears to stderr.
  redis.on('error', (error: unknown) => (failure = error));
  redis.on('reconnecting', () => setUp(false)); // not when it is closed on purpose
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw new RedisUnavailableError(
      `Redis at ${url.host} cannot be used: ${reasonOf(failure ?? error)}. Set REDIS_URL to one that runs, or leave it out.`,
    );
  }
  [wasUp, isUp] = [true, true];
  redis.on('ready', () => setUp(true));
  return redis;
}

/** Redis quotes no secrets in its errors; ioredis adds the command to the error, and not to the message. */
function reasonOf(failure: unknown): string {
  if (!(failure instanceof Error) || /timed out|timeout/i.test(failure.message)) return 'no answer';
  return failure.message.replace(/\.$/, '');
}
