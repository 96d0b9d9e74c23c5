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
  /** Whether lost connections are restored: only after the first one, so that a wrong address is reported at the start. */
  readonly reconnects: () => boolean;
}

/** Longest pause between two attempts to connect again. */
const MAX_PAUSE_MS = 1_000;
/** During a failover every command fails with READONLY; one new connection for all of them is enough. */
const RECONNECT_PAUSE_MS = 500;
/** After these attempts a node is dropped, so that a cluster whose nodes all have new addresses is resolved again. */
const MAX_NODE_ATTEMPTS = 6;

const pauseAfter = (attempts: number): number => Math.min(50 * 2 ** (attempts - 1), MAX_PAUSE_MS);

/** Creates the client of one server, or of the primary of sentinels. */
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
      ? // A server that loads its data then refuses each command, instead of delaying the connection.
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

/** Creates the client of a cluster. `address` names one or more of its nodes. */
export function createClusterClient(
  address: RedisAddress,
  { timeoutMs, reconnects }: ClientOptions,
): Cluster {
  const tls = tlsOf(address);
  return new Cluster([...address.nodes], {
    lazyConnect: true,
    // A cluster that is down then refuses each command.
    enableReadyCheck: false,
    clusterRetryStrategy: (attempts) => (reconnects() ? pauseAfter(attempts) : null),
    clusterNodeRetryStrategy: (attempts) => (attempts > MAX_NODE_ATTEMPTS ? null : pauseAfter(attempts)),
    // Commands in flight to a lost node may have been performed, so they are not retried.
    retryDelayOnFailover: 0,
    slotsRefreshTimeout: timeoutMs / 2,
    // Names are not resolved here: certificates are for names, and addresses change.
    dnsLookup: (name, callback) => callback(null, name),
    redisOptions: {
      ...commonOptions(address, timeoutMs),
      // Commands wait for a connection to a node, but not longer than their own time limit.
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
    // TCP needs 15 minutes to give up a peer that vanished.
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
 * Many clusters and sentinels report servers by IP addresses that no certificate contains. Such a certificate must match a
 * name in `REDIS_URL`.
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
