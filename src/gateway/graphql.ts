import type { Caller } from '../auth/caller.ts';
import type { RequestHeaders } from '../auth/headers.ts';
import { JsonEndpoint } from '../graphql/json-endpoint.ts';
import { parsersOf } from '../graphql/parsing/request-format.ts';
import { Results } from '../graphql/results.ts';
import type { Route } from '../http/answer.ts';
import type { AdmissionOptions } from '../http/authentication.ts';
import type { ListenerOptions } from '../http/listener.ts';
import { CLIENT_TIMES } from '../http/server.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { createOperations } from './operations.ts';
import type { GatewayOperationsOptions } from './operations.ts';
import type { Parts } from './parts.ts';
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
