import { NoSchemaIntrospectionCustomRule, specifiedRules } from 'graphql';
import { Documents } from '../graphql/documents.ts';
import { fieldSpans } from '../graphql/field-spans.ts';
import { recordExecution } from '../graphql/operation-record.ts';
import { Operations } from '../graphql/operations.ts';
import type { Stage } from '../graphql/stage.ts';
import { ProcessStreamCounts } from '../graphql/subscriptions/stream-counts.ts';
import { streamLimits } from '../graphql/subscriptions/stream-limits.ts';
import { requireEventStreams } from '../graphql/subscriptions/use-event-streams.ts';
import { noConditionsAtRoot } from '../graphql/whole-subscriptions.ts';
import { RefusalError } from '../http/error-response.ts';
import { refuseExcess } from '../http/rate-limit.ts';
import type { RateLimit } from '../http/rate-limit.ts';
import type { Scrubber } from '../observability/logging/scrubber.ts';
import { schema } from '../schema/index.ts';
import { isFileUpload } from '../uploads/file-upload.ts';
import type { ContextFactory } from './context-factory.ts';
import type { GatewayOptions } from './gateway-options.ts';

export interface GatewayOperationsOptions {
  readonly scrub: Scrubber;
  readonly rateLimit: RateLimit | undefined;
  readonly contextOf: ContextFactory;
}

/** The operations of a gateway: the rules of its documents, and the stages before their execution. */
export function createOperations(
  options: GatewayOptions,
  { scrub, rateLimit, contextOf }: GatewayOperationsOptions,
): Operations {
  const { trustedDocuments, introspection } = options.protections;
  const rules = [...specifiedRules, noConditionsAtRoot];
  // Clients have the schema in `schema.graphql`.
  if (!introspection) rules.push(NoSchemaIntrospectionCustomRule);
  return new Operations({
    documents: new Documents(schema, rules),
    trustedDocuments,
    contextOf,
    stages: stagesOf(options, rateLimit),
    scrub,
  });
}

/** In their order: a refusal of one keeps an operation from the later ones. */
function stagesOf(
  { protections, streams, primary, tracer }: GatewayOptions,
  rateLimit: RateLimit | undefined,
): Stage[] {
  const { trustedDocuments, maxOperationCost, proxies } = protections;
  return [
    ...(rateLimit === undefined ? [] : [limitRate(rateLimit)]),
    refuseUndeclaredFiles,
    limitCost(maxOperationCost),
    requireEventStreams,
    streamLimits({ counts: primary?.streamCounts ?? new ProcessStreamCounts(streams), proxies }),
    recordExecution(trustedDocuments !== undefined),
    ...(tracer === undefined ? [] : [fieldSpans(schema, tracer)]),
  ];
}

/** Counts operations for their callers; see `RateLimit.takeForCaller`. */
function limitRate(rateLimit: RateLimit): Stage {
  return ({ request: { req, caller } }) => {
    const excess = rateLimit.takeForCaller(req, caller);
    return excess instanceof Promise ? excess.then(refuseExcess) : refuseExcess(excess);
  };
}

/** See `OperationCost`. */
function limitCost(maxCalls: number): Stage {
  return ({ operation, parameters, variables }) => {
    // Variables that are not valid have no cost: nothing runs.
    if (variables !== undefined) operation.cost.check(parameters.variables, maxCalls);
  };
}

/** Refuses files for variables that the operation does not declare, which nothing would read. */
const refuseUndeclaredFiles: Stage = ({ operation, parameters }) => {
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
