import { isIPv6 } from 'node:net';
import { parseRedisUrl, REDIS_URL_FORM } from './address.ts';
import type { RedisAddress } from './address.ts';
import { createClient, createClusterClient } from './redis-clients.ts';
import { RedisConnection } from './connection.ts';
import { codeOf, isAboutSelect, reasonOf, RedisUnavailableError } from './redis-errors.ts';

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
