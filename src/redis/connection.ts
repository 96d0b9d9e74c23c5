import { isIPv6 } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Cluster, Command } from 'ioredis';
import { z } from 'zod';
import { parseRedisUrl, REDIS_URL_FORM } from './address.ts';
import type { RedisAddress } from './address.ts';
import { createClient, createClusterClient } from './redis-clients.ts';
import type { RedisClient } from './redis-clients.ts';
import {
  isAboutSelect,
  mayPass,
  RedisError,
  codeOf,
  reasonOf,
  RedisUnavailableError,
} from './redis-errors.ts';

type Argument = string | number;
type ScriptCommand = (...args: Argument[]) => Promise<unknown>;

/** Pause between two attempts of a command that was not performed. */
const RETRY_PAUSE_MS = 50;
/** Pause between two checks of an unavailable Redis. */
const CHECK_PAUSE_MS = 1_000;

/** Checks that scripts can write. The key expires. */
const PROBE = `return redis.call('SET', KEYS[1], '1', 'PX', 60000)`;
const PROBE_KEY = 'sigillo:ready';
/** Enough to find a key for each node of a cluster, even for a node with few slots. */
const MAX_PROBE_KEYS = 10_000;

/**
 * The Redis that gateways share: a server, the primary of sentinels or a cluster. A command that Redis did not perform,
 * because the primary has moved or is starting, is retried until its time is up. A command whose answer was lost may have
 * been performed and is not retried.
 */
export class RedisConnection {
  readonly client: RedisClient;
  readonly #timeoutMs: number;
  readonly #scripts = new Map<string, ScriptCommand>();
  readonly #shutdown = new AbortController();
  /** When the connection was lost. */
  #lostAt: number | undefined;
  /** Why there is no connection. */
  #connectionFailure: unknown;
  #isUsable = true;
  #isWatching = false;
  #onChange: (failure: RedisError | undefined) => void = () => {};

  constructor(client: RedisClient, timeoutMs: number) {
    this.client = client;
    this.#timeoutMs = timeoutMs;
    const record = (failure: unknown): void => {
      if (!isSummary(failure)) this.#connectionFailure = failure;
      // ioredis would continue with database 0.
      if (isAboutSelect(failure)) client.disconnect(true);
    };
    client.on('error', record);
    client.on('sentinelError', record);
    client.on('node error', record);
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

  /** Registers a listener for each change: the failure when Redis becomes unavailable, undefined when it is available again. */
  onChange(listener: (failure: RedisError | undefined) => void): void {
    this.#onChange = listener;
  }

  /**
   * Runs a script, which Redis performs atomically. In a cluster its keys must share a hash tag.
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
        // An earlier refusal explains more than the timeout after it.
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
   * Checks that Redis is writable, on every node of a cluster.
   * @throws {RedisError}
   */
  async check(timeoutMs?: number): Promise<void> {
    await Promise.all(this.#probeKeys().map((key) => this.run(PROBE, [key], [], z.unknown(), timeoutMs)));
  }

  close(): void {
    this.#shutdown.abort();
    this.client.disconnect();
  }

  #send(command: (client: RedisClient) => Promise<unknown>): Promise<unknown> {
    if (this.client.status !== 'ready') throw new NotSentError('there is no connection');
    return command(this.client);
  }

  /** Whether a command should wait for the connection: only if it was lost a moment ago. */
  #mayComeBack(): boolean {
    this.#lostAt ??= performance.now();
    return !this.#shutdown.signal.aborted && performance.now() - this.#lostAt < this.#timeoutMs;
  }

  /** ioredis sends the text of a script once for each connection, and its hash afterwards. */
  #script(script: string): ScriptCommand {
    const known = this.#scripts.get(script);
    if (known !== undefined) return known;
    const name = `sigillo${this.#scripts.size}`;
    this.client.defineCommand(name, { lua: script });
    const command = (Reflect.get(this.client, name) as ScriptCommand).bind(this.client);
    this.#scripts.set(script, command);
    return command;
  }

  /** Checks Redis until it is available. */
  #watch(): void {
    if (this.#isWatching || this.#shutdown.signal.aborted) return;
    this.#isWatching = true;
    void this.#checkUntilUsable();
  }

  async #checkUntilUsable(): Promise<void> {
    const { signal } = this.#shutdown;
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
      await pause(CHECK_PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
    this.#connectionFailure = undefined;
    this.#isWatching = false;
  }

  /** One key for each primary of a cluster. */
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

/** There was no connection to send the command. */
class NotSentError extends Error {
  readonly code = 'CLOSED';
}

class LateError extends Error {}

/** ioredis fails so when the connection is closing. */
const isUnwritable = (failure: unknown): boolean =>
  failure instanceof Error && failure.message.startsWith("Stream isn't writeable");

/** A summary that ioredis emits after the more specific errors of each node or sentinel. */
const isSummary = (failure: unknown): boolean =>
  failure instanceof Error && /^(?:All sentinels are unreachable|Failed to refresh)/.test(failure.message);

async function inTime(answer: Promise<unknown>, until: number): Promise<unknown> {
  const late = Promise.withResolvers<never>();
  // One turn of the event loop later, because the answer may have arrived while this process was busy.
  const giveUp = (): unknown => setImmediate(() => late.reject(new LateError('Command timed out')));
  const timer = setTimeout(giveUp, Math.max(1, until - performance.now()));
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

export interface RedisOptions {
  /** Longest wait for one command, in milliseconds. @default 2 000 */
  readonly commandTimeoutMs?: number;
}

/**
 * Connects to the Redis that gateways share: a server, a cluster by one or more of its nodes, or the primary of sentinels.
 * After the first connection, lost connections are restored.
 * @throws {RedisUnavailableError} when Redis is not writable now, so that a wrong address is reported at the start.
 */
export async function connectRedis(url: URL | string, options: RedisOptions = {}): Promise<RedisConnection> {
  const { commandTimeoutMs: timeoutMs = 2_000 } = options;
  const address = parseRedisUrl(String(url));
  if (address === undefined) throw new RedisUnavailableError(`REDIS_URL ${REDIS_URL_FORM}.`);
  let isOpen = false;
  const settings = { timeoutMs, reconnects: () => isOpen };
  let connection: RedisConnection | undefined;
  try {
    if (address.nodes.length === 1 || address.sentinel !== undefined) {
      connection = new RedisConnection(createClient(address, settings), timeoutMs);
      await connection.connect();
    }
    if (connection === undefined || (address.sentinel === undefined && (await isClusterNode(connection)))) {
      connection?.close();
      connection = new RedisConnection(createClusterClient(address, settings), timeoutMs);
      await connection.connect();
      if (address.database !== 0) throw new DatabaseError('a cluster has database 0 only');
    }
    await connection.check();
  } catch (failure) {
    connection?.close();
    throw unavailable(address, failure);
  }
  isOpen = true;
  return connection;
}

class DatabaseError extends Error {}

/** Managed services have one address for a whole cluster. */
async function isClusterNode({ client }: RedisConnection): Promise<boolean> {
  try {
    await client.cluster('SLOTS');
    return true;
  } catch (failure) {
    if (['ERR', 'NOPERM'].includes(codeOf(failure))) return false;
    throw failure;
  }
}

function unavailable({ nodes, database }: RedisAddress, failure: unknown): RedisUnavailableError {
  const where = nodes
    .map(({ host, port }) => (isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`))
    .join(', ');
  const reason = reasonOf(failure);
  if (failure instanceof DatabaseError || isAboutSelect(failure))
    return new RedisUnavailableError(
      `Database ${database} of Redis at ${where} cannot be used: ${reason}. Set REDIS_URL to a database that exists, and give each environment its own Redis if there is only one.`,
    );
  return new RedisUnavailableError(
    `Redis at ${where} cannot be used: ${reason}. Set REDIS_URL to one that runs, or leave it out.`,
  );
}
