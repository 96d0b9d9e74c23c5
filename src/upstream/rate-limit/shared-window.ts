import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RedisConnection } from '../../redis/connection.ts';
import { LocalWindow } from './local-window.ts';
import { TRANSIT_MS } from './rate-window.ts';
import type { RateLimit, RateWindow, Slot, TakenSlots } from './rate-window.ts';
import { ANSWER, CLOSE, TAKE } from './shared-window-scripts.ts';

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
