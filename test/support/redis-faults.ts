import { expect } from 'vitest';
import { startRedis } from './redis.ts';

type Server = Awaited<ReturnType<typeof startRedis>>;

export interface RedisFault {
  readonly hit: (redis: Server) => unknown;
  readonly recover: (redis: Server) => unknown;
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether Redis loses its data. */
  readonly losesKeys?: boolean;
}

/** Longer than the timeout of a command. */
const PAUSE_MS = 3_000;

/** Failures of a Redis in production. */
export const REDIS_FAULTS: Readonly<Record<string, RedisFault>> = {
  stopped: { hit: (redis) => redis.freeze(), recover: (redis) => redis.thaw() },
  paused: {
    hit: (redis) => redis.client.client('PAUSE', PAUSE_MS, 'ALL'),
    recover: (redis) => redis.client.ping(),
  },
  full: {
    hit: (redis) => redis.client.config('SET', 'maxmemory', '1'),
    recover: (redis) => redis.client.config('SET', 'maxmemory', '0'),
  },
  'restarted with its data': { hit: (redis) => redis.kill(), recover: (redis) => redis.start() },
  'restarted without its data': {
    hit: (redis) => redis.kill(),
    recover: (redis) => redis.start(),
    settings: { appendonly: 'no' },
    losesKeys: true,
  },
  emptied: { hit: (redis) => redis.client.flushall(), recover: () => undefined, losesKeys: true },
};

export async function startFailingRedis({ hit, recover, settings = {} }: RedisFault) {
  const redis = await startRedis({ settings });
  return {
    url: redis.url,
    hit: async () => void (await hit(redis)),
    async recover(): Promise<void> {
      await recover(redis);
      await expect.poll(() => redis.client.ping().catch(() => 'gone'), { timeout: 15_000 }).toBe('PONG');
    },
  };
}

/** Concurrent worlds, which mostly wait. */
const AT_ONCE = 5;

/** Runs a function for each item, some at a time. A failure is reported with the name of its item. */
export async function forEachStep<T>(
  steps: Readonly<Record<string, T>>,
  work: (step: T) => Promise<void>,
): Promise<void> {
  const failures: Record<string, unknown> = {};
  const left = Object.entries(steps).values();
  const workThem = async (): Promise<void> => {
    for (const [name, step] of left)
      await work(step).catch((failure: unknown) => {
        failures[name] = failure;
      });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, workThem));
  expect(failures).toEqual({});
}
