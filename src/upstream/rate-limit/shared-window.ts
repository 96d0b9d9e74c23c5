import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RedisConnection } from '../../redis/connection.ts';
import { LocalWindow } from './local-window.ts';
import { TRANSIT_MS } from './rate-window.ts';
import type { Place, RateLimit, RateWindow, Taken } from './rate-window.ts';
import { ANSWER, CLOSE, TAKE } from './shared-window-scripts.ts';

export interface SharedWindowOptions {
  readonly redis: Pick<RedisConnection, 'run' | 'ask' | 'check'>;
  /** Tells this window from others in the same Redis. Not the key itself. */
  readonly name: string;
  readonly limit: RateLimit;
}

/** A budget that takes longer to ask than this, in milliseconds, is taken for lost. */
const PATIENCE_MS = 250;
/** How often a lost Redis is looked for, in milliseconds. */
const LOOK_EVERY_MS = 1_000;

const taken = z.tuple([z.number(), z.number(), z.number(), z.number()]);

/**
 * The calls of all gateways that use a key, kept in Redis and counted on its clock. While Redis is lost nobody waits for
 * it: each gateway takes its equal part of the limit, as many as there were, and goes on doing so for one window after
 * Redis is back, since what was called meanwhile is not known there.
 */
export class SharedWindow implements RateWindow {
  readonly #options: SharedWindowOptions;
  readonly #keys: readonly string[];
  readonly #me = randomUUID();
  /** The calls of this gateway alone. */
  readonly #own: LocalWindow;
  #isLost = false;
  #isClosed = false;
  #gateways = 1;
  #partUntil = 0;
  #nextNumber = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SharedWindowOptions) {
    this.#options = options;
    // In one slot of a cluster, as a script works on all of them.
    const parts = ['places', 'gateways', 'waiting', 'state'];
    this.#keys = parts.map((part) => `sigillo:{budget:${options.name}}:${part}`);
    this.#own = new LocalWindow(options.limit);
  }

  async take(wanted: number, spare: number): Promise<Taken> {
    const { calls } = this.#options.limit;
    const isPartly = this.#isLost || performance.now() < this.#partUntil;
    const part = isPartly ? Math.max(1, Math.floor(calls / this.#gateways)) : calls;
    // Of a part the same share stays free: all of `spare` could be more than the part, and polls would wait for ever.
    const own = this.#own.take(wanted, calls - part + Math.floor((spare * part) / calls));
    if (this.#isLost || own.places.length === 0) return own;
    return await this.#share(own, spare);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** Of the places that this gateway may have, those that all gateways together may have. */
  async #share({ places, retryInMs: ownRetryInMs }: Taken, spare: number): Promise<Taken> {
    const { calls, windowMs } = this.#options.limit;
    const number = this.#nextNumber;
    this.#nextNumber += places.length;
    const args = [this.#me, places.length, spare, calls, windowMs, TRANSIT_MS, number];
    const answer = await this.#ask(TAKE, args, taken);
    if (answer === undefined) return { places, retryInMs: ownRetryInMs };
    const [count, retryInMs, gateways, leftBefore] = answer;
    this.#gateways = gateways;
    for (const place of places.slice(count)) place.unused();
    const shared = places
      .slice(0, count)
      .map((place, index) => this.#placeOf(place, `${this.#me}:${number + index}`, leftBefore));
    return { places: shared, retryInMs: count === places.length ? ownRetryInMs : retryInMs };
  }

  /** A place of this gateway's own, told of in Redis too. */
  #placeOf(own: Place, id: string, leftBefore: number): Place {
    const { calls, windowMs } = this.#options.limit;
    return {
      answered: (remaining) => {
        own.answered(undefined); // what others have called is no secret here
        void this.#ask(ANSWER, [id, calls, windowMs, remaining ?? '', leftBefore], z.unknown());
      },
      refused: (retryAfterSeconds = 1) => {
        own.refused(retryAfterSeconds);
        void this.#ask(CLOSE, [Math.min(retryAfterSeconds * 1_000, windowMs), windowMs], z.unknown());
      },
      unused: () => {
        own.unused();
        const [places = ''] = this.#keys;
        const { redis } = this.#options;
        if (!this.#isLost)
          redis.ask((client) => client.zrem(places, id), z.unknown(), PATIENCE_MS).catch(() => this.#lose());
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
      return await this.#options.redis.run(script, this.#keys, args, answer, PATIENCE_MS);
    } catch {
      this.#lose();
      return undefined;
    }
  }

  #lose(): void {
    this.#isLost = true;
    if (!this.#isClosed) this.#timer ??= setTimeout(() => void this.#look(), LOOK_EVERY_MS);
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    try {
      await this.#options.redis.check(PATIENCE_MS);
    } catch {
      return this.#lose();
    }
    this.#isLost = false;
    this.#partUntil = performance.now() + TRANSIT_MS + this.#options.limit.windowMs;
  }
}
