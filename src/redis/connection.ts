import { setTimeout as pause } from 'node:timers/promises';
import { Cluster, Command } from 'ioredis';
import { z } from 'zod';
import type { RedisClient } from './redis-clients.ts';
import { isAboutSelect, mayPass, RedisError } from './redis-errors.ts';

type Argument = string | number;
type ScriptCommand = (...args: Argument[]) => Promise<unknown>;

/** Between two attempts of a command that was not carried out. */
const RETRY_PAUSE_MS = 50;
/** Between two looks at a Redis that cannot be used. */
const LOOK_PAUSE_MS = 1_000;

/** For scripts: `now` in milliseconds of Redis's clock, so that the clocks of the gateways do not matter. */
export const LUA_NOW = `local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
`;

/** What the gateway needs: scripts that write. The key goes by itself. */
const PROBE = `return redis.call('SET', KEYS[1], '1', 'PX', 60000)`;
const PROBE_KEY = 'sigillo:ready';
/** Enough to find a key for each node of a cluster, however few slots it has. */
const MAX_PROBE_KEYS = 10_000;

/**
 * The Redis that gateways share: a server, the primary of sentinels or a cluster. A command that Redis did not carry out,
 * because it has just moved or is not up yet, is sent again until its time is over. A command whose answer was lost may
 * have been carried out and is not sent again.
 */
export class RedisConnection {
  readonly client: RedisClient;
  readonly #timeoutMs: number;
  readonly #scripts = new Map<string, ScriptCommand>();
  readonly #closing = new AbortController();
  /** Since when there has been no connection to send a command over. */
  #lostAt: number | undefined;
  /** Why there is none. */
  #connectionFailure: unknown;
  #isUsable = true;
  #isWatching = false;
  #onChange: (failure: RedisError | undefined) => void = () => {};

  constructor(client: RedisClient, timeoutMs: number) {
    this.client = client;
    this.#timeoutMs = timeoutMs;
    const note = (failure: unknown): void => {
      if (!isSummary(failure)) this.#connectionFailure = failure;
      // ioredis would go on with database 0.
      if (isAboutSelect(failure)) client.disconnect(true);
    };
    client.on('error', note);
    client.on('sentinelError', note);
    client.on('node error', note);
    client.on('close', () => this.#watch());
  }

  /** Connects for the first time. */
  async connect(): Promise<void> {
    try {
      await this.client.connect();
    } catch (failure) {
      throw this.#connectionFailure ?? failure;
    }
    if (isAboutSelect(this.#connectionFailure)) throw this.#connectionFailure;
  }

  /** Hears once when Redis cannot be used any longer, and once when it can be used again. */
  onChange(listener: (failure: RedisError | undefined) => void): void {
    this.#onChange = listener;
  }

  /**
   * Runs a script, which Redis carries out as one step. In a cluster its keys must share a hash tag.
   * @throws {RedisError}
   */
  run<T>(
    script: string,
    keys: readonly string[],
    args: readonly Argument[],
    answer: z.ZodType<T>,
    timeoutMs?: number,
  ): Promise<T> {
    return this.ask(() => this.#script(script)(keys.length, ...keys, ...args), answer, timeoutMs);
  }

  /**
   * Sends one command.
   * @throws {RedisError}
   */
  async ask<T>(
    command: (client: RedisClient) => Promise<unknown>,
    answer: z.ZodType<T>,
    timeoutMs = this.#timeoutMs,
  ): Promise<T> {
    const until = performance.now() + timeoutMs;
    let refusal: unknown;
    for (;;) {
      try {
        const given = await inTime(this.#send(command), until);
        this.#lostAt = undefined;
        return answer.parse(given);
      } catch (failure) {
        const isUnsent = failure instanceof NotSentError || isUnwritable(failure);
        // A refusal says more than the end of the time that came after it.
        if (!isUnsent && !(failure instanceof LateError && refusal !== undefined)) refusal = failure;
        if (
          (isUnsent ? this.#mayComeBack() : mayPass(failure)) &&
          performance.now() + RETRY_PAUSE_MS < until
        ) {
          await pause(RETRY_PAUSE_MS);
          continue;
        }
        this.#watch();
        throw new RedisError(refusal ?? this.#connectionFailure ?? failure);
      }
    }
  }

  /**
   * Whether Redis can be written to, on every node of a cluster.
   * @throws {RedisError}
   */
  async check(timeoutMs?: number): Promise<void> {
    await Promise.all(this.#probeKeys().map((key) => this.run(PROBE, [key], [], z.unknown(), timeoutMs)));
  }

  close(): void {
    this.#closing.abort();
    this.client.disconnect();
  }

  #send(command: (client: RedisClient) => Promise<unknown>): Promise<unknown> {
    if (this.client.status !== 'ready') throw new NotSentError('there is no connection');
    return command(this.client);
  }

  /** A connection that was lost a moment ago is waited for; one that has been lost for longer is not. */
  #mayComeBack(): boolean {
    this.#lostAt ??= performance.now();
    return !this.#closing.signal.aborted && performance.now() - this.#lostAt < this.#timeoutMs;
  }

  /** ioredis sends the text of a script once for each connection, and then its hash. */
  #script(script: string): ScriptCommand {
    const known = this.#scripts.get(script);
    if (known !== undefined) return known;
    const name = `sigillo${this.#scripts.size}`;
    this.client.defineCommand(name, { lua: script });
    const command = (Reflect.get(this.client, name) as ScriptCommand).bind(this.client);
    this.#scripts.set(script, command);
    return command;
  }

  /** Looks whether Redis can be used, until it can. */
  #watch(): void {
    if (this.#isWatching || this.#closing.signal.aborted) return;
    this.#isWatching = true;
    void this.#look();
  }

  async #look(): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      const failure = await this.check().then(
        () => undefined,
        (error: unknown) => (error instanceof RedisError ? error : new RedisError(error)),
      );
      if (signal.aborted) return;
      if ((failure === undefined) !== this.#isUsable) {
        this.#isUsable = failure === undefined;
        this.#onChange(failure);
      }
      if (failure === undefined) break;
      await pause(LOOK_PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
    this.#connectionFailure = undefined;
    this.#isWatching = false;
  }

  /** One for each node that holds keys. */
  #probeKeys(): string[] {
    const { client } = this;
    if (!(client instanceof Cluster)) return [PROBE_KEY];
    const keys = new Map<string, string>();
    const nodes = new Set(client.slots.flatMap(([primary]) => primary ?? []));
    for (let nth = 0; keys.size < nodes.size && nth < MAX_PROBE_KEYS; nth += 1) {
      const key = `${PROBE_KEY}:${nth}`;
      const primary = client.slots[new Command('set', [key]).getSlot()]?.[0];
      if (primary !== undefined && !keys.has(primary)) keys.set(primary, key);
    }
    return [...keys.values()];
  }
}

/** There was no connection to send it over. */
class NotSentError extends Error {
  readonly code = 'CLOSED';
}

class LateError extends Error {}

/** ioredis says the same of a connection that is just being closed. */
const isUnwritable = (failure: unknown): boolean =>
  failure instanceof Error && failure.message.startsWith("Stream isn't writeable");

/** What comes after the errors of each node or sentinel, and says less. */
const isSummary = (failure: unknown): boolean =>
  failure instanceof Error && /^(?:All sentinels are unreachable|Failed to refresh)/.test(failure.message);

async function inTime(answer: Promise<unknown>, until: number): Promise<unknown> {
  const late = Promise.withResolvers<never>();
  // A turn of the event loop later, as the answer may have come while this process had no time to read it.
  const giveUp = (): unknown => setImmediate(() => late.reject(new LateError('Command timed out')));
  const timer = setTimeout(giveUp, Math.max(1, until - performance.now()));
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
