import { createYoga } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import type { JsonEndpoint, JsonEndpointOptions } from '../graphql/json-endpoint.ts';
import { useRequestParser } from '../graphql/parsing/use-request-parser.ts';
import { useUploads } from '../graphql/parsing/use-uploads.ts';
import { useEventStreams } from '../graphql/subscriptions/use-event-streams.ts';
import { CredentialWatch } from '../graphql/subscriptions/credential-watch.ts';
import { callerOf, useAdmission } from '../graphql/use-admission.ts';
import { useOperations } from '../graphql/use-operations.ts';
import type { AdmissionOptions } from '../http/authentication.ts';
import { schema } from '../schema/index.ts';
import type { GatewayOptions } from './gateway-options.ts';
import type { Parts } from './parts.ts';

export interface GatewayYogaOptions {
  /** What Yoga shares with the JSON endpoint, and that endpoint, which may have read a request before. */
  readonly shared: JsonEndpointOptions;
  readonly json: JsonEndpoint;
  readonly admission: AdmissionOptions;
}

/**
 * Yoga, for requests with files, answers that are event streams, and all that is refused for its method or headers. Parsing,
 * checks and execution are those of `Operations`.
 */
export function createGatewayYoga(options: GatewayOptions, parts: Parts, graphql: GatewayYogaOptions) {
  return createYoga({
    schema,
    multipart: false,
    maxRequestBodySize: false,
    parserAndValidationCache: false,
    plugins: pluginsOf(options, parts, graphql),
    // Yoga answers every URL that ends like this, and no URL ends with a line break.
    healthCheckEndpoint: '\n',
    maskedErrors: false, // `Results` masks
    logging: false,
    landingPage: false,
    cors: false, // the listener sets the headers
    graphiql: false,
  });
}

/** In the order in which a request passes them. The refusal of one keeps the request from the later ones. */
function pluginsOf(
  { streams, maxUploadBytes, uploadStallMs }: GatewayOptions,
  { lifecycle, queues }: Parts,
  { shared, json, admission }: GatewayYogaOptions,
): Plugin[] {
  const { operations, results, admit } = shared;
  return [
    useAdmission({ admit, admittedBefore: (req) => json.readBefore(req)?.caller }),
    useUploads({ maxFileBytes: maxUploadBytes, stallTimeoutMs: uploadStallMs, queues }),
    useRequestParser({ ...shared, readBefore: (req) => json.readBefore(req)?.parameters }),
    useOperations(operations, results),
    useEventStreams({
      ...streams,
      draining: lifecycle.draining,
      watchCredential: (request, end) => {
        const admitted = { headers: request.headers, caller: callerOf(request) };
        return new CredentialWatch({ ...admission, ...streams }, admitted, end);
      },
      becomesStream: (req) => lifecycle.inFlight.becomesStream(req),
    }),
  ];
}
