import { lookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { BlockList, isIPv6 } from 'node:net';
import type { LookupFunction } from 'node:net';
import type { Tracer } from '@opentelemetry/api';
import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import { createEvents } from '../../observability/events.ts';
import type { GatewayEvents } from '../../observability/events.ts';
import { withStages } from '../call.ts';
import type { Stage, CallOptions } from '../call.ts';
import { connectThrough } from '../connect-through.ts';
import type { ProxyFor } from '../connect-through.ts';
import { kindOfFailure, kindOfStatus, UpstreamError } from '../failure.ts';
import type { UpstreamErrorKind } from '../failure.ts';
import { withCircuitBreaker } from '../pipeline/circuit-breaker.ts';
import type { CircuitBreaker } from '../pipeline/circuit-breaker.ts';
import { Deadline } from '../pipeline/deadline.ts';
import { STORAGE_RETRIES, withRetries, readRetryAfter } from '../pipeline/retry.ts';
import type { RetryPolicy } from '../pipeline/retry.ts';
import { withSpans } from '../pipeline/with-spans.ts';
import { checkStorageUrl } from '../url-rules.ts';
import type { StorageClient, StorageRequest, StorageCall } from './blobs.ts';

export interface StorageOptions {
  /** Hosts that may be written to and read from; see `checkStorageUrl`. */
  readonly allowedHosts: readonly string[];
  readonly proxyFor: ProxyFor;
  /** For one call with all its attempts and pauses, in milliseconds. @default 60 000 */
  readonly deadlineMs?: number;
  /** For one attempt; for a read, until its content begins. @default 20 000 */
  readonly attemptTimeoutMs?: number;
  /** A read fails when no bytes arrive for this long, in milliseconds. @default 30 000 */
  readonly readStallMs?: number;
  /** @default STORAGE_RETRIES */
  readonly retries?: Partial<RetryPolicy>;
  /** @default an emitter without listeners */
  readonly events?: GatewayEvents;
  /** @default no circuit breaker */
  readonly breaker?: CircuitBreaker;
  /** @default no spans */
  readonly tracer?: Tracer | undefined;
}

/** The two ways to the storage; see `IssuerClient`. They share connections. */
export interface StorageClients {
  readonly shared: StorageClient;
  /** For calls with the sandbox headers of a caller: without a circuit breaker. */
  readonly bare: StorageClient;
}

/** The storage: the pipeline of the service without coalescing and rate limit, and with a deadline for each attempt. */
export function createStorage(options: StorageOptions): StorageClients {
  const {
    allowedHosts,
    proxyFor,
    deadlineMs = 60_000,
    attemptTimeoutMs = 20_000,
    readStallMs = 30_000,
  } = options;
  const { events = createEvents(), breaker, tracer } = options;
  const http = new StorageHttpClient({ allowedHosts, readStallMs, proxyFor });
  const policy = { ...STORAGE_RETRIES, ...options.retries };
  const stages: readonly Stage<StorageRequest>[] = [
    ...(tracer ? [withSpans({ tracer, urlOf, propagates: false })] : []),
    withCheckedUrl(allowedHosts),
    withRetries({ timeoutMs: deadlineMs, policy, events }),
    withAttemptDeadline(attemptTimeoutMs),
  ];
  return {
    shared: withStages(http, breaker ? [...stages, withCircuitBreaker(breaker)] : stages),
    bare: withStages(http, stages),
  };
}

const urlOf = ({ url }: StorageRequest): URL | null => URL.parse(url);

/** Refuses a URL of another host before anything is sent. */
function withCheckedUrl(allowedHosts: readonly string[]): Stage<StorageRequest> {
  return (next) => async (call, options) => {
    checkStorageUrl(call.url, allowedHosts, call.operation);
    return await next(call, options);
  };
}

/** Gives each attempt its own time within the deadline of the call. */
function withAttemptDeadline(timeoutMs: number): Stage {
  return (next) => async (call, options) => {
    using deadline = new Deadline(timeoutMs, options.signal);
    return await next(call, { ...options, signal: deadline.signal, deadline });
  };
}

export interface StorageHttpClientOptions {
  /** Hosts of the storage; see `checkStorageUrl`. */
  readonly allowedHosts: readonly string[];
  readonly proxyFor: ProxyFor;
  /** A read fails when no bytes of the blob arrive for this long, in milliseconds. */
  readonly readStallMs: number;
}

const MAX_WRITES = 16;
/** Blobs that are read at once. Further reads wait for a connection within the time of their attempt. */
const MAX_READS = 64;

/** Sends each call to the storage once over HTTP. */
class StorageHttpClient implements StorageClient {
  readonly #writers: Agent;
  /** Separate, because a read takes as long as its client: slow downloads must not delay uploads. */
  readonly #readers: Agent;
  readonly #readStallMs: number;

  constructor(options: StorageHttpClientOptions) {
    this.#writers = agentWith(MAX_WRITES, options);
    this.#readers = agentWith(MAX_READS, options);
    this.#readStallMs = options.readStallMs;
  }

  async call<Model>(call: StorageCall<Model>, options: CallOptions = {}): Promise<Model> {
    const { operation } = call;
    try {
      const response = await this.#send(call, options);
      if (!call.expect.includes(response.statusCode)) throw await failureOf(call, response);
      return await call.decode(response);
    } catch (cause) {
      if (cause instanceof UpstreamError) throw cause;
      throw new UpstreamError({ kind: kindOfFailure(cause, options.signal), operation, cause });
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#writers.destroy(), this.#readers.destroy()]);
  }

  async #send(call: StorageRequest, { signal, headers }: CallOptions): Promise<Dispatcher.ResponseData> {
    const { method, body } = call;
    const url = new URL(call.url);
    for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
    const isRead = call.effect === 'read';
    const response = await (isRead ? this.#readers : this.#writers).request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: {
        ...headers,
        ...call.headers,
        // Lengths and ranges must be those of the blob.
        'accept-encoding': 'identity',
        ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
      },
      ...(body !== undefined && { body }),
      ...(isRead && { bodyTimeout: this.#readStallMs }),
      ...(signal && { signal }),
    });
    // The body may fail while it has no listener.
    response.body.on('error', () => {});
    return response;
  }
}

function agentWith(connections: number, { allowedHosts, proxyFor }: StorageHttpClientOptions): Agent {
  return new Agent({
    connections,
    allowH2: false, // Blob Storage does not support it
    // An idle connection is worth little between two uploads, and an aborted upload should leave none behind.
    keepAliveTimeout: 500,
    keepAliveMaxTimeout: 500,
    // Full origins are for development and for a storage in a private network.
    connect: connectThrough({
      proxyFor,
      lookup: publicLookup(allowedHosts.flatMap((host) => URL.parse(host)?.hostname ?? [])),
    }),
  });
}

async function failureOf(
  { operation, effect }: StorageRequest,
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
): Promise<UpstreamError> {
  const text = effect === 'read' ? '' : await readStart(body);
  body.destroy();
  return new UpstreamError({
    kind: kindOf(status),
    operation,
    status,
    detail: errorCode(headers['x-ms-error-code'], text),
    retryAfterSeconds: readRetryAfter(headers['retry-after']),
  });
}

function kindOf(status: number): UpstreamErrorKind {
  if (status < 400) return 'contract';
  // A proxy in front of the storage sends a 408. The storage itself reports OperationTimedOut with a 500.
  return status === 408 ? 'timeout' : kindOfStatus(status);
}

const ERROR_BODY_BYTES = 16 * 1024;

/** The start of an error body, which holds the error code. */
async function readStart(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= ERROR_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, ERROR_BODY_BYTES);
}

/** Reads `<Error><Code>…</Code>` or the header with the same code. Nothing else of the body is kept. */
function errorCode(header: string | string[] | undefined, body: string): string | undefined {
  const code = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(body)?.[1];
  return code ?? (typeof header === 'string' && /^[A-Za-z]{1,64}$/.test(header) ? header : undefined);
}

/** Addresses outside the public internet: of this machine, of private networks, of cloud-internal services. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // Azure's wire server
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv6');

/** `BlockList` recognizes IPv4 addresses in IPv6 notation (`::ffff:127.0.0.1`). */
export function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** A public host name resolves to a private address. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
  readonly code = 'EPRIVATE';
}

/**
 * `dns.lookup` that refuses private addresses, except for `excepted` names. Otherwise an attacker who controls a DNS entry
 * could direct files to a machine behind the firewall. The connection uses the checked address, so a second DNS answer
 * cannot change it.
 */
export function publicLookup(excepted: readonly string[], resolve: typeof lookup = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return callback(error, '');
      const [first] = found;
      if (
        first === undefined ||
        (!excepted.includes(hostname) && found.some(({ address }) => isPrivate(address)))
      )
        return callback(new PrivateAddressError('the name resolves to a private address'), '');
      if (options.all) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}
