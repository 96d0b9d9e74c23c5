import { createYoga } from 'graphql-yoga';
import { tenantOf } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import { createContext } from '../resolvers/context.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import { currentRequest } from '../observability/logging/request-scope.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import { nodeRequest } from '../http/client-address.ts';
import { corsFor } from '../http/cors.ts';
import { createMaskError } from '../graphql/errors/mask-error.ts';
import { createOperationCache } from '../graphql/operation-cache.ts';
import { protectOperations, protectRequests } from '../graphql/protections.ts';
import type { Protections } from '../graphql/protections.ts';
import { createRateLimit } from '../http/rate-limit.ts';
import { serveStreams, STREAMS } from '../graphql/subscriptions/streams.ts';
import {
  admit,
  authenticationEvents,
  callerOf,
  knownCallerOf,
  useAuthentication,
} from '../http/use-authentication.ts';
import { useAvailability, useStreamCount } from '../http/use-availability.ts';
import { useBodyLimit } from '../graphql/parsing/use-body-limit.ts';
import { useBodyTime } from '../graphql/parsing/use-body-time.ts';
import { useDownloads } from '../http/use-downloads.ts';
import { useKnownAddress } from '../http/use-known-address.ts';
import { useLogging } from '../graphql/use-logging.ts';
import { useMediaTypes } from '../graphql/parsing/use-media-types.ts';
import { useNoStore } from '../http/use-no-store.ts';
import { useOperationEvents } from '../graphql/use-operation-events.ts';
import { useOperationTime } from '../graphql/use-operation-time.ts';
import { useReadableParameters } from '../graphql/parsing/use-readable-parameters.ts';
import { useRequestId } from '../http/use-request-id.ts';
import { useScrubbedErrors } from '../graphql/errors/use-scrubbed-errors.ts';
import { useTracing } from '../graphql/use-tracing.ts';
import { useUploads } from '../graphql/parsing/use-uploads.ts';
import { schema } from '../schema/index.ts';
import { CLIENT_TIMES } from '../http/server.ts';
import type { IssuerClient } from '../upstream/clients.ts';
import { counted } from '../upstream/pipeline/counted.ts';
import type { OriginClients } from '../upstream/sandbox-headers.ts';
import { OPERATION_TIMEOUT_MS } from './gateway-options.ts';
import type { GatewayOptions } from './gateway-options.ts';
import type { Parts } from './parts.ts';

/** JSON bodies only: files do not pass here. */
const MAX_JSON_BYTES = 1_000_000;

/** Yoga with everything that a request comes past, in that order. */
export function createGatewayYoga(
  options: GatewayOptions,
  parts: Parts,
  { protections, scrub }: { readonly protections: Protections; readonly scrub: Scrubber },
) {
  const { tracer, logger } = options;
  const { authentication, frontDoor, events } = parts;
  const { requestsPerMinute, proxies, corsOrigins, trustedDocuments } = protections;
  const isTrusted = trustedDocuments !== undefined;
  const isServed = (caller: Caller): boolean => issuerOf(parts, caller) !== undefined;
  const admission = { authentication, isServed, events: authenticationEvents(logger) };
  const rateLimit = requestsPerMinute > 0 ? createRateLimit({ requestsPerMinute, proxies }) : undefined;
  const contextOf = contextsOf(options, parts);
  return createYoga({
    schema,
    context: (initial) => contextOf(initial.request, initial, callerOf(initial.request)),
    multipart: false,
    maxRequestBodySize: false,
    parserAndValidationCache: createOperationCache(),
    plugins: [
      useNoStore(),
      useLogging({ logger, scrub, callerOf: knownCallerOf }),
      useAvailability(() => frontDoor.unavailability()),
      useScrubbedErrors(scrub),
      useRequestId(),
      ...protectRequests(options.host, protections, rateLimit),
      useDownloads({
        origins: corsOrigins,
        admit: (request) => admit(request, admission),
        rateLimit,
        contextOf,
        signalOf: (serverContext) => signalOf(parts, serverContext),
        logger,
      }),
      useKnownAddress(),
      useAuthentication(admission),
      useUploads({
        maxFileBytes: options.maxUploadBytes,
        stallTimeoutMs: options.uploadStallMs,
        queues: parts.queues,
      }),
      useMediaTypes(),
      ...protectOperations(protections),
      ...serveStreams({
        ...STREAMS,
        ...options.streams,
        ...admission,
        closing: frontDoor.closing,
        proxies,
      }),
      useBodyLimit(MAX_JSON_BYTES),
      useBodyTime(options.clientTimes?.body ?? CLIENT_TIMES.body),
      useReadableParameters(), // behind all that read the body
      useOperationEvents({ events, isTrusted }),
      ...(tracer ? [useTracing({ tracer, isTrusted })] : []),
      useStreamCount((req) => frontDoor.running.becomesStream(req)),
      useOperationTime(), // last: once another plugin has refused an operation, nobody would end its time
    ],
    // Yoga's own answers to every address that ends like this, and none ends with a line break.
    healthCheckEndpoint: '\n',
    maskedErrors: { maskError: createMaskError(logger) },
    logging: false,
    landingPage: false,
    cors: corsFor(corsOrigins),
    graphiql: false,
  });
}

const issuerOf = ({ upstreams }: Parts, caller: Caller): IssuerClient | undefined =>
  upstreams.of(tenantOf(caller));

/** Aborted when the client leaves, and when the gateway cannot wait any longer. */
function signalOf({ frontDoor }: Parts, serverContext: object): AbortSignal {
  const req = nodeRequest(serverContext);
  const signal = req && frontDoor.running.signalOf(req);
  if (signal === undefined) throw new TypeError('a request has not come through the front door');
  return signal;
}

/** Contexts for requests of callers who have been let in. */
function contextsOf(
  {
    maxUploadBytes,
    uploadStallMs,
    operationTimeoutMs = OPERATION_TIMEOUT_MS,
    isSandbox = false,
  }: GatewayOptions,
  parts: Parts,
) {
  const { blocks, idempotency, events, watchers, webhooks } = parts;
  const { closing, ending } = parts.frontDoor;
  const limits = { maxUploadBytes, uploadStallMs, operationTimeoutMs };
  const shared = { blocks, idempotency, events, closing, ending, limits };
  return ({ headers }: Request, serverContext: object, caller: Caller): GatewayContext => {
    const issuer = issuerOf(parts, caller);
    if (issuer === undefined) throw new TypeError('a caller without an issuer has been let in');
    const tally = currentRequest()?.notes.upstream;
    const clientsOf = (kind: 'shared' | 'bare'): OriginClients => {
      const clients = { upstream: issuer[kind], storage: parts.storage[kind] };
      return tally === undefined ? clients : counted(clients, tally);
    };
    const ofTenant = { watcher: watchers.of(issuer.shared), webhooks: webhooks.of(tenantOf(caller)) };
    const sandbox = isSandbox ? clientsOf('bare') : undefined;
    return createContext({ ...shared, ...clientsOf('shared'), sandbox, ...ofTenant }, caller, {
      headers,
      signal: signalOf(parts, serverContext),
    });
  };
}
