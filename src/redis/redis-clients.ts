import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { RedisAddress } from './address.ts';
import { isNotHere } from './redis-errors.ts';

export type RedisClient = Redis | Cluster;

export interface ClientOptions {
  /** Longest wait for one answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether a lost connection is made again: not before there was one, as a wrong address is reported at the start. */
  readonly reconnects: () => boolean;
}

/** Longest pause between two attempts to connect again. */
const MAX_PAUSE_MS = 1_000;
/** While another server is taking over, each command is told READONLY, and one new connection for all is enough. */
const RECONNECT_PAUSE_MS = 500;
/** A node that is gone for longer is given up, so that a cluster whose nodes all have new addresses is looked up again. */
const MAX_NODE_ATTEMPTS = 6;

const pauseAfter = (attempts: number): number => Math.min(50 * 2 ** (attempts - 1), MAX_PAUSE_MS);

/** For one server, or for the primary that sentinels name. */
export function createClient(address: RedisAddress, { timeoutMs, reconnects }: ClientOptions): Redis {
  const { nodes, sentinel, database } = address;
  const [node] = nodes;
  const tls = tlsOf(address);
  return new Redis({
    ...commonOptions(address, timeoutMs),
    db: database,
    enableOfflineQueue: false,
    retryStrategy: (attempts) => (reconnects() ? pauseAfter(attempts) : null),
    reconnectOnError: reconnectOnMove(reconnects),
    ...(tls && { tls }),
    ...(sentinel === undefined
      ? // A server that is loading its data says so to each command, in place of keeping the connection back.
        { ...node, enableReadyCheck: false }
      : {
          sentinels: [...nodes],
          name: sentinel.primary,
          ...(sentinel.username !== undefined && { sentinelUsername: sentinel.username }),
          ...(sentinel.password !== undefined && { sentinelPassword: sentinel.password }),
          sentinelCommandTimeout: timeoutMs,
          sentinelRetryStrategy: (attempts) => (reconnects() ? pauseAfter(attempts) : null),
          maxLoadingRetryTime: MAX_PAUSE_MS,
          ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: tls }),
        }),
  });
}

/** For a cluster, of which `address` names one node or more. */
export function createClusterClient(
  address: RedisAddress,
  { timeoutMs, reconnects }: ClientOptions,
): Cluster {
  const tls = tlsOf(address);
  return new Cluster([...address.nodes], {
    lazyConnect: true,
    // A cluster that is down says so to each command.
    enableReadyCheck: false,
    clusterRetryStrategy: (attempts) => (reconnects() ? pauseAfter(attempts) : null),
    clusterNodeRetryStrategy: (attempts) => (attempts > MAX_NODE_ATTEMPTS ? null : pauseAfter(attempts)),
    // What was under way when a node was lost may have been carried out.
    retryDelayOnFailover: 0,
    slotsRefreshTimeout: timeoutMs / 2,
    // Names stay names: certificates are made for them, and addresses change.
    dnsLookup: (name, callback) => callback(null, name),
    redisOptions: {
      ...commonOptions(address, timeoutMs),
      // Commands wait for a node that is being connected to, and not for longer than anybody waits for them.
      connectTimeout: timeoutMs / 2,
      enableReadyCheck: false,
      reconnectOnError: reconnectOnMove(reconnects),
      ...(tls && { tls }),
    },
  });
}

function commonOptions({ username, password }: RedisAddress, timeoutMs: number) {
  return {
    lazyConnect: true,
    connectTimeout: 5_000,
    commandTimeout: timeoutMs,
    // A peer that vanished is not waited for until TCP gives it up, which takes a quarter of an hour.
    socketTimeout: timeoutMs * 2,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  } satisfies RedisOptions;
}

function reconnectOnMove(reconnects: () => boolean): (failure: Error) => boolean {
  let lastAt = -Infinity;
  return (failure) => {
    const now = performance.now();
    if (!reconnects() || !isNotHere(failure) || now - lastAt < RECONNECT_PAUSE_MS) return false;
    lastAt = now;
    return true;
  };
}

/**
 * Many clusters and sentinels name servers by addresses that no certificate holds; then it must be for a name of
 * `REDIS_URL`.
 */
function tlsOf({ nodes, isTls }: RedisAddress): ConnectionOptions | undefined {
  if (!isTls) return undefined;
  const names = nodes.map(({ host }) => host).filter((host) => isIP(host) === 0);
  return {
    checkServerIdentity(host, certificate) {
      const failure = checkServerIdentity(host, certificate);
      const isNamed = names.some((name) => checkServerIdentity(name, certificate) === undefined);
      return isIP(host) !== 0 && isNamed ? undefined : failure;
    },
  };
}
