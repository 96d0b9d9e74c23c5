import type { IncomingMessage } from 'node:http';
import { NoSchemaIntrospectionCustomRule, specifiedRules } from 'graphql';
import { tenantOf } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import { Documents, noConditionsAtRoot } from '../graphql/documents.ts';
import { JsonEndpoint } from '../graphql/json-endpoint.ts';
import { fieldSpans, recordExecution } from '../graphql/operation-record.ts';
import type { Check } from '../graphql/operation.ts';
import { Operations } from '../graphql/operations.ts';
import { parsersOf } from '../graphql/parsing/request-format.ts';
import type { NamedDocuments } from '../graphql/trusted-documents.ts';
import { Results } from '../graphql/results.ts';
import { ProcessStreamCounts, streamLimits } from '../graphql/subscriptions/stream-limits.ts';
import { requireEventStreams } from '../graphql/subscriptions/use-event-streams.ts';
import type { Route } from '../http/answer.ts';
import type { AdmissionOptions } from '../http/admission.ts';
import { RefusalError } from '../http/answer.ts';
import type { ListenerOptions } from '../http/listener.ts';
import { refuseExcess } from '../http/rate-limit.ts';
import type { RateLimit } from '../http/rate-limit.ts';
import { CLIENT_TIMES } from '../http/server.ts';
import { currentRequest } from '../observability/logging/request-scope.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import { createContext } from '../resolvers/context.ts';
import type { GatewayContext } from '../resolvers/context.ts';
import { schema } from '../schema/index.ts';
import { isFileUpload } from '../uploads/file-upload.ts';
import { counted } from '../upstream/clients.ts';
import type { OriginClients } from '../upstream/clients.ts';
import type { GatewayOptions, Parts } from './parts.ts';
import type { createGatewayYoga } from './yoga.ts';

/** The limit of JSON bodies; files have their own. */
const MAX_JSON_BYTES = 1_000_000;

export interface GraphqlOptions extends GatewayOperationsOptions {
  readonly admission: AdmissionOptions;
  /** Checks the origin and authenticates. @throws {RefusalError} */
  readonly admit: (headers: RequestHeaders) => Promise<Caller>;
}

/** The two ways to answer at `/graphql`. */
export interface Graphql {
  /** Requests with an answer in JSON. */
  readonly answerJson: Route;
  /** All other requests, by Yoga. */
  readonly answer: ListenerOptions['answerGraphql'];
}

export function createGraphql(options: GatewayOptions, parts: Parts, graphql: GraphqlOptions): Graphql {
  const { protections, clientTimes, logger } = options;
  const documentIds = protections.trustedDocuments !== undefined;
  const shared = {
    operations: createOperations(options, graphql),
    results: new Results({
      events: parts.events,
      scrub: graphql.scrub,
      suggestions: protections.suggestions,
      logger,
    }),
    admit: graphql.admit,
    parsers: parsersOf(documentIds),
    documentIds,
    limits: { maxBytes: MAX_JSON_BYTES, bodyMs: clientTimes?.body ?? CLIENT_TIMES.body },
  };
  const json = new JsonEndpoint(shared);
  let yoga: Promise<ReturnType<typeof createGatewayYoga>> | undefined;
  const loadYoga = async () => {
    const { createGatewayYoga: create } = await import('./yoga.ts');
    return create(options, parts, { shared, json, admission: graphql.admission });
  };
  return {
    answerJson: (request) => json.answer(request),
    async answer(...request) {
      // Most requests need no Yoga, so the first one that does loads it.
      yoga ??= loadYoga();
      return (await yoga).handleNodeRequestAndResponse(...request);
    },
  };
}

interface GatewayOperationsOptions {
  readonly scrub: Scrubber;
  readonly rateLimit: RateLimit | undefined;
  readonly contextOf: ContextFactory;
  /** Of the workbench, when this gateway serves it. */
  readonly pageDocuments: NamedDocuments | undefined;
}

/** The operations of a gateway: the rules of its documents, and the checks before their execution. */
function createOperations(
  options: GatewayOptions,
  { scrub, rateLimit, contextOf, pageDocuments }: GatewayOperationsOptions,
): Operations {
  const { protections, tracer } = options;
  const { trustedDocuments, introspection } = protections;
  const rules = [...specifiedRules, noConditionsAtRoot];
  // Clients have the schema in `schema.graphql`.
  if (!introspection) rules.push(NoSchemaIntrospectionCustomRule);
  return new Operations({
    documents: new Documents(schema, rules),
    namedDocuments: trustedDocuments ? { documents: trustedDocuments, isExclusive: true } : pageDocuments,
    contextOf,
    checks: checksOf(options, rateLimit),
    preparations: [
      recordExecution(trustedDocuments !== undefined),
      ...(tracer === undefined ? [] : [fieldSpans(schema, tracer)]),
    ],
    scrub,
  });
}

/** In their order: a refusal of one keeps an operation from the later ones. */
function checksOf(
  { protections, streams, primary }: GatewayOptions,
  rateLimit: RateLimit | undefined,
): Check[] {
  const { maxOperationCost, proxies } = protections;
  return [
    ...(rateLimit === undefined ? [] : [limitRate(rateLimit)]),
    refuseUndeclaredFiles,
    limitCost(maxOperationCost),
    requireEventStreams,
    streamLimits({ counts: primary?.streamCounts ?? new ProcessStreamCounts(streams), proxies }),
  ];
}

/** Counts operations for their callers; see `RateLimit.takeForCaller`. */
function limitRate(rateLimit: RateLimit): Check {
  return ({ request: { req, caller } }) => {
    const excess = rateLimit.takeForCaller(req, caller);
    return excess instanceof Promise ? excess.then(refuseExcess) : refuseExcess(excess);
  };
}

/** See `OperationCost`. */
function limitCost(maxCalls: number): Check {
  return ({ operation, parameters, variables }) => {
    // Variables that are not valid have no cost: nothing runs.
    if (variables !== undefined) operation.cost.check(parameters.variables, maxCalls);
  };
}

/** Refuses files for variables that the operation does not declare, which nothing would read. */
const refuseUndeclaredFiles: Check = ({ operation, parameters }) => {
  const { variableDefinitions = [] } = operation.node;
  for (const [name, value] of Object.entries(parameters.variables)) {
    if (isFileUpload(value) && !variableDefinitions.some(({ variable }) => variable.name.value === name))
      throw new RefusalError({
        status: 400,
        code: 'BAD_REQUEST',
        message: `The map gives a file to $${name}, which is not a variable of the operation.`,
      });
  }
};

type ContextFactory = (headers: RequestHeaders, req: IncomingMessage, caller: Caller) => GatewayContext;

/** Makes the contexts of admitted requests. */
export function contextFactory(
  { maxUploadBytes, uploadStallMs, operationTimeoutMs, watching, isSandbox }: GatewayOptions,
  parts: Parts,
): ContextFactory {
  const { blocks, inspector, idempotency, finalRequests, events } = parts;
  const { watchers, webhooks, upstreams, storage, lifecycle } = parts;
  const { lastCall, inFlight } = lifecycle;
  const limits = { maxUploadBytes, uploadStallMs, operationTimeoutMs };
  const shared = { blocks, inspector, idempotency, finalRequests, events, watching, lastCall, limits };
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
