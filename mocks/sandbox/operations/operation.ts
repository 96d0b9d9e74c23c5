import type { Answer } from '../http/problems.ts';
import type { ApiKey, Issuer } from '../model/issuers.ts';
import type { World } from '../model/world.ts';

/** One call of an operation, as its handler sees it. */
export interface Call {
  /** Whose key it came with. */
  readonly issuer: Issuer;
  readonly environment: ApiKey['environment'];
  /** Values of the path template, decoded, in the order of the template. */
  readonly pathIds: readonly string[];
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it came. */
  readonly bytes: Buffer;
  /** The body read as JSON; undefined when it is not JSON, which is how the service sees such a body. */
  readonly json: unknown;
  /** Scheme, host and port under which the caller reached the sandbox. */
  readonly origin: string;
}

/**
 * What the service does for one operationId.
 * @throws Refusal to answer with a problem
 */
export type Operation = (call: Call, world: World) => Answer | Promise<Answer>;
