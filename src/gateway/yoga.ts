import type { IncomingMessage } from 'node:http';
import { createYoga } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import { tenantOf } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import { createOperationCache } from '../graphql/operation-cache.ts';
import { requireOperation, useRequestParser } from '../graphql/parsing/use-request-parser.ts';
import { useUploads } from '../graphql/parsing/use-uploads.ts';
import { useEventStreams } from '../graphql/subscriptions/use-event-streams.ts';
import { useStreamLimits } from '../graphql/subscriptions/use-stream-limits.ts';
import { watchCredential } from '../graphql/subscriptions/watch-credential.ts';
import { callerOf, useAdmission } from '../graphql/use-admission.ts';
import { useFieldSpans } from '../graphql/use-field-spans.ts';
import { useOperationCost } from '../graphql/use-operation-cost.ts';
import { noIntrospection, useOperationLimits } from '../graphql/use-operation-limits.ts';
import { useOperationRecord } from '../graphql/use-operation-record.ts';
import { useOperationTime } from '../graphql/use-operation-time.ts';
import { useRateLimit } from '../graphql/use-rate-limit.ts';
import { useResults } from '../graphql/use-results.ts';
import { useTrustedDocuments } from '../graphql/use-trusted-documents.ts';
import { useWholeSubscriptions } from '../graphql/use-whole-subscriptions.ts';
import type { AdmissionOptions } from '../http/authentication.ts';
import { nodeRequest } from '../http/client-address.ts';
import type { RateLimit } from '../http/rate-limit.ts';
import { CLIENT_TIMES } from '../http/server.ts';
import { currentRequest } from '../observability/logging/request-scope.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import { createContext } from '../resolvers/context.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import { schema } from '../schema/index.ts';
import { counted } from '../upstream/pipeline/counted.ts';
import type { OriginClients } from '../upstream/sandbox-headers.ts';
import type { GatewayOptions } from './gateway-options.ts';
import type { Parts } from './parts.ts';

/** The limit of JSON bodies; files have their own. */
const MAX_JSON_BYTES = 1_000_000;

/**
 * The stages of an operation, in the order in which Yoga runs their plugins. A plugin of an earlier stage sees a request
 * first, and its refusal keeps the request from the later stages.
 */
const STAGES = ['results', 'admission', 'parsing', 'checks', 'streams', 'record', 'deadline'] as const;

interface StagedPlugin {
  readonly stage: (typeof STAGES)[number];
  readonly plugin: Plugin | Plugin<GatewayContext>;
}

export interface GatewayYogaOptions {
  readonly scrub: Scrubber;
  readonly admission: AdmissionOptions;
  readonly rateLimit: RateLimit | undefined;
  readonly contextOf: ContextFactory;
}

export function createGatewayYoga(options: GatewayOptions, parts: Parts, graphql: GatewayYogaOptions) {
  const plugins = pluginsOf(options, parts, graphql);
  return createYoga({
    schema,
    context({ request, ...initial }) {
      const req = nodeRequest(initial);
      if (req === undefined) throw new TypeError('Yoga runs without node:http');
      return graphql.contextOf(request.headers, req, callerOf(request));
    },
    multipart: false,
    maxRequestBodySize: false,
    parserAndValidationCache: createOperationCache(),
    plugins: STAGES.flatMap((stage) =>
      plugins.filter((staged) => staged.stage === stage).map(({ plugin }) => plugin),
    ),
    // Yoga answers every URL that ends like this, and no URL ends with a line break.
    healthCheckEndpoint: '\n',
    maskedErrors: false, // `useResults` masks
    logging: false,
    landingPage: false,
    cors: false, // the listener sets the headers
    graphiql: false,
  });
}

function pluginsOf(
  options: GatewayOptions,
  { lifecycle, events, queues }: Parts,
  { scrub, admission, rateLimit }: GatewayYogaOptions,
): StagedPlugin[] {
  const { protections, streams, tracer, logger, clientTimes, maxUploadBytes, uploadStallMs } = options;
  const { trustedDocuments, introspection, suggestions, maxOperationCost, corsOrigins, proxies } =
    protections;
  const credentials = watchCredential({ ...admission, ...streams });
  const trusted = trustedDocuments === undefined ? [] : [useTrustedDocuments(trustedDocuments)];
  return [
    { stage: 'results', plugin: useResults({ events, scrub, suggestions, logger }) },
    ...(rateLimit === undefined ? [] : [{ stage: 'admission', plugin: useRateLimit(rateLimit) } as const]),
    { stage: 'admission', plugin: useAdmission({ ...admission, origins: corsOrigins }) },
    {
      stage: 'parsing',
      plugin: useUploads({ maxFileBytes: maxUploadBytes, stallTimeoutMs: uploadStallMs, queues }),
    },
    {
      stage: 'parsing',
      plugin: useRequestParser({
        maxBytes: MAX_JSON_BYTES,
        bodyMs: clientTimes?.body ?? CLIENT_TIMES.body,
        documentIds: trustedDocuments !== undefined,
      }),
    },
    ...trusted.map((plugin) => ({ stage: 'checks', plugin }) as const),
    { stage: 'checks', plugin: useOperationLimits() },
    { stage: 'checks', plugin: requireOperation },
    { stage: 'checks', plugin: useWholeSubscriptions() },
    ...(introspection ? [] : [{ stage: 'checks', plugin: noIntrospection } as const]),
    { stage: 'checks', plugin: useOperationCost(maxOperationCost) },
    { stage: 'streams', plugin: useStreamLimits({ ...streams, proxies }) },
    {
      stage: 'streams',
      plugin: useEventStreams({
        ...streams,
        draining: lifecycle.draining,
        watchCredential: credentials,
        becomesStream: (req) => lifecycle.inFlight.becomesStream(req),
      }),
    },
    { stage: 'record', plugin: useOperationRecord({ isTrusted: trustedDocuments !== undefined, scrub }) },
    ...(tracer === undefined ? [] : [{ stage: 'record', plugin: useFieldSpans(tracer) } as const]),
    // A plugin that refused an operation after this one would leave its deadline running.
    { stage: 'deadline', plugin: useOperationTime() },
  ];
}

export type ContextFactory = (headers: Headers, req: IncomingMessage, caller: Caller) => GatewayContext;

/** Makes the contexts of admitted requests. */
export function contextFactory(
  { maxUploadBytes, uploadStallMs, operationTimeoutMs, watching, isSandbox }: GatewayOptions,
  { blocks, inspector, idempotency, events, watchers, webhooks, upstreams, storage, lifecycle }: Parts,
): ContextFactory {
  const { lastCall, inFlight } = lifecycle;
  const limits = { maxUploadBytes, uploadStallMs, operationTimeoutMs };
  const shared = { blocks, inspector, idempotency, events, watching, lastCall, limits };
  return (headers, req, caller) => {
    const tenant = tenantOf(caller);
    const issuer = upstreams.of(tenant);
    if (issuer === undefined) throw new TypeError('a caller without an API key of the service was admitted');
    const tally = currentRequest()?.record.upstream;
    const clientsOf = (kind: 'shared' | 'bare'): OriginClients => {
      const clients = { upstream: issuer[kind], storage: storage[kind] };
      return tally === undefined ? clients : counted(clients, tally);
    };
    const ofTenant = { watcher: watchers.of(issuer.shared), webhooks: webhooks.of(tenant) };
    const sandbox = isSandbox ? clientsOf('bare') : undefined;
    return createContext({ ...shared, ...clientsOf('shared'), sandbox, ...ofTenant }, caller, {
      headers,
      signal: inFlight.signalOf(req),
    });
  };
}
