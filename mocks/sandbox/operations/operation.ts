import type { Answer } from '../http/problems.ts';
import type { ApiKey, Issuer } from '../model/issuers.ts';
import type { World } from '../model/world.ts';

/** A call of an operation, for its handler. */
export interface Call {
  /** The issuer of its API key. */
  readonly issuer: Issuer;
  readonly environment: ApiKey['environment'];
  /** Decoded values of the path template, in its order. */
  readonly pathIds: readonly string[];
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The raw body. */
  readonly bytes: Buffer;
  /** The parsed JSON body. Undefined if it is not JSON, as in the service. */
  readonly json: unknown;
  /** Scheme, host and port that the client used. */
  readonly origin: string;
}

/**
 * Implements one operationId of the service.
 * @throws Refusal with a problem response
 */
export type Operation = (call: Call, world: World) => Answer | Promise<Answer>;
