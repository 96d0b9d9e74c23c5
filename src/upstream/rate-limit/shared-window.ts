import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RedisConnection } from '../../redis/connection.ts';
import { LUA_NOW } from '../../redis/lua-now.ts';
import { LocalWindow, TRANSIT_MS } from './rate-window.ts';
import type { RateLimit, RateWindow, Slot, TakenSlots } from './rate-window.ts';

/*
 * The atomic steps of the window that several gateways share. Redis keeps for each API key:
 *
 *   slots     of calls that count: when each leaves the window, in milliseconds of the clock of Redis
 *   gateways  that use the key: when each was last active
 *   waiting   gateways that wanted more slots than were free: when each asked last
 *   state     foreign, foreignUntil: calls of other clients of the key, and until when they count
 *             closedUntil: when calls may be made again after the service refused one because of the rate
 *             left: the number of calls that have left the window
 */

/** How long an inactive gateway counts. */
const PRESENT_MS = 60_000;
/** How long a gateway counts as waiting without asking again. */
const WAITING_MS = 1_000;
/** When a gateway that left slots to others may ask for the rest, in case they do not use them. */
const COURTESY_MS = 20;

const NOW = `${LUA_NOW}
local left = redis.call('HINCRBY', KEYS[4], 'left', redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now))
`;

const FOREIGN = `local function foreign()
  local state = redis.call('HMGET', KEYS[4], 'foreign', 'foreignUntil')
  if tonumber(state[2] or 0) <= now then return 0 end
  return tonumber(state[1])
end
`;

/**
 * Takes up to `wanted` slots and leaves `reserve` slots free. If other gateways wait too, each gets an equal share.
 * KEYS slots, gateways, waiting, state; ARGV gateway, wanted, reserve, calls, window, transit, first number
 * @returns slots taken, milliseconds until more may be free, gateways that use the key, calls that have left by now
 */
const TAKE = `${NOW}${FOREIGN}
local me, wanted, window = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5])
redis.call('ZADD', KEYS[2], now, me)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ${PRESENT_MS})
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - ${WAITING_MS})
redis.call('ZADD', KEYS[3], now, me)
local gateways = redis.call('ZCARD', KEYS[2])
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ${PRESENT_MS} + window) end

local closedUntil = tonumber(redis.call('HGET', KEYS[4], 'closedUntil') or 0)
if closedUntil > now then return {0, math.ceil(closedUntil - now), gateways, left} end

local free = ARGV[4] - redis.call('ZCARD', KEYS[1]) - foreign() - ARGV[3]
local share = math.ceil(free / redis.call('ZCARD', KEYS[3]))
local taken = math.max(0, math.min(wanted, share))
for number = ARGV[7], ARGV[7] + taken - 1 do
  redis.call('ZADD', KEYS[1], now + ARGV[6] + window, me .. ':' .. number)
end
redis.call('PEXPIRE', KEYS[1], ${PRESENT_MS} + window)
if taken == wanted then
  redis.call('ZREM', KEYS[3], me)
  return {taken, 0, gateways, left}
end
if taken < free then return {taken, ${COURTESY_MS}, gateways, left} end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local nextAt = tonumber(first[2] or now + window)
if foreign() > 0 then nextAt = math.min(nextAt, tonumber(redis.call('HGET', KEYS[4], 'foreignUntil'))) end
return {taken, math.ceil(nextAt - now), gateways, left}
`;

/**
 * An answer has begun: the call leaves the window one window from now at the latest. Calls that the service has counted
 * beyond those known here belong to other clients of the key. Their number is a lower bound: every call counts as known
 * that was in the window at any time since this one was sent.
 * KEYS as above; ARGV slot, calls, window, remaining or empty, calls that had left when it was sent
 */
const ANSWER = `${NOW}${FOREIGN}
local leaves = redis.call('ZSCORE', KEYS[1], ARGV[1])
if leaves and tonumber(leaves) > now + ARGV[3] then redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1]) end
if ARGV[4] == '' then return 0 end
local own = redis.call('ZCARD', KEYS[1]) + math.max(0, left - ARGV[5])
local calls = ARGV[2] - ARGV[4] - own
if calls <= 0 or calls < foreign() then return 0 end
redis.call('HSET', KEYS[4], 'foreign', calls, 'foreignUntil', now + ARGV[3])
return 1
`;

/**
 * The service has refused a call because of the rate: no gateway makes a call for that long, and the calls of other
 * clients count for one more window.
 * KEYS as above; ARGV closed for, window
 */
const CLOSE = `${NOW}
local closedUntil = math.max(now + ARGV[1], tonumber(redis.call('HGET', KEYS[4], 'closedUntil') or 0))
redis.call('HSET', KEYS[4], 'closedUntil', closedUntil, 'foreignUntil', closedUntil + ARGV[2])
redis.call('HSETNX', KEYS[4], 'foreign', 0)
redis.call('PEXPIRE', KEYS[4], ${PRESENT_MS} + ARGV[2])
return 1
`;

export interface SharedWindowOptions {
  readonly redis: Pick<RedisConnection, 'run' | 'ask' | 'check'>;
  /** Identifies this window among others in the same Redis. Never the API key itself. */
  readonly name: string;
  readonly limit: RateLimit;
}

/** Redis counts as lost when it does not answer within this time. */
const TIMEOUT_MS = 250;
/** Interval between checks of a lost Redis. */
const CHECK_EVERY_MS = 1_000;

const taken = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/**
 * The calls of all gateways that use a key, kept in Redis and counted on its clock. While Redis is lost, each gateway takes
 * an equal share of the limit, by the last known number of gateways, and keeps to it for one window after Redis is back,
 * because Redis does not know the calls made in between.
 */
export class SharedWindow implements RateWindow {
  readonly #options: SharedWindowOptions;
  readonly #keys: readonly string[];
  readonly #me = randomUUID();
  /** The calls of this gateway only. */
  readonly #own: LocalWindow;
  #isLost = false;
  #isClosed = false;
  #gateways = 1;
  #shareUntil = 0;
  #nextNumber = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SharedWindowOptions) {
    this.#options = options;
    // One hash tag, because a script may use the keys of one cluster slot only.
    const names = ['slots', 'gateways', 'waiting', 'state'];
    this.#keys = names.map((name) => `sigillo:{budget:${options.name}}:${name}`);
    this.#own = new LocalWindow(options.limit);
  }

  async take(wanted: number, reserve: number): Promise<TakenSlots> {
    const { calls } = this.#options.limit;
    const isReduced = this.#isLost || performance.now() < this.#shareUntil;
    const share = isReduced ? Math.max(1, Math.floor(calls / this.#gateways)) : calls;
    // The reserve is scaled as well: all of it could exceed the share, and polls would wait forever.
    const own = this.#own.take(wanted, calls - share + Math.floor((reserve * share) / calls));
    if (this.#isLost || own.slots.length === 0) return own;
    return await this.#claim(own, reserve);
  }

  /** Redis decides. */
  takeNow(): undefined {
    return undefined;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** Claims the slots of this gateway in Redis too, and returns those that the limit of all gateways permits. */
  async #claim({ slots, retryInMs: ownRetryInMs }: TakenSlots, reserve: number): Promise<TakenSlots> {
    const { calls, windowMs } = this.#options.limit;
    const number = this.#nextNumber;
    this.#nextNumber += slots.length;
    const args = [this.#me, slots.length, reserve, calls, windowMs, TRANSIT_MS, number];
    const answer = await this.#ask(TAKE, args, taken);
    if (answer === undefined) return { slots, retryInMs: ownRetryInMs };
    const [count, retryInMs, gateways, leftBefore] = answer;
    this.#gateways = gateways;
    for (const slot of slots.slice(count)) slot.unused();
    const shared = slots
      .slice(0, count)
      .map((slot, index) => this.#slotOf(slot, `${this.#me}:${number + index}`, leftBefore));
    return { slots: shared, retryInMs: count === slots.length ? ownRetryInMs : retryInMs };
  }

  /** A slot of this gateway that also reports its outcome to Redis. */
  #slotOf(own: Slot, id: string, leftBefore: number): Slot {
    const { calls, windowMs } = this.#options.limit;
    return {
      answered: (remaining) => {
        own.answered(undefined); // Redis holds the calls of other clients
        void this.#ask(ANSWER, [id, calls, windowMs, remaining ?? '', leftBefore], z.unknown());
      },
      refused: (retryAfterSeconds = 1) => {
        own.refused(retryAfterSeconds);
        void this.#ask(CLOSE, [Math.min(retryAfterSeconds * 1_000, windowMs), windowMs], z.unknown());
      },
      unused: () => {
        own.unused();
        const [slots = ''] = this.#keys;
        const { redis } = this.#options;
        if (!this.#isLost)
          redis.ask((client) => client.zrem(slots, id), z.unknown(), TIMEOUT_MS).catch(() => this.#lose());
      },
    };
  }

  /** @returns undefined when Redis is lost. */
  async #ask<T>(
    script: string,
    args: readonly (string | number)[],
    answer: z.ZodType<T>,
  ): Promise<T | undefined> {
    if (this.#isLost) return undefined;
    try {
      return await this.#options.redis.run(script, this.#keys, args, answer, TIMEOUT_MS);
    } catch {
      this.#lose();
      return undefined;
    }
  }

  #lose(): void {
    this.#isLost = true;
    if (!this.#isClosed) this.#timer ??= setTimeout(() => void this.#checkAgain(), CHECK_EVERY_MS);
  }

  async #checkAgain(): Promise<void> {
    this.#timer = undefined;
    try {
      await this.#options.redis.check(TIMEOUT_MS);
    } catch {
      return this.#lose();
    }
    this.#isLost = false;
    this.#shareUntil = performance.now() + TRANSIT_MS + this.#options.limit.windowMs;
  }
}
