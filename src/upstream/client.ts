import type { Priority } from './rate-limit/rate-limiter.ts';
import type { Deadline } from './pipeline/deadline.ts';
import type { operations } from './openapi.d.ts';
import type { UrlRules } from './url-rules.ts';

/** The JSON body that the contract wants for an operation. */
export type ApiBody<Operation extends keyof operations> = operations[Operation] extends {
  requestBody: { content: { 'application/json': infer Body } };
}
  ? Body
  : never;

/** One call as an operation describes it; everything else (key, deadline, repeats) is the client's and its decorators'. */
export interface ApiCall<Model> {
  /** `operationId` of `mocks/openapi.yaml`. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path below the base URL, made with the `path` tag so that no id can reach another path. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON. A `MultipartBody` is streamed as it is and never sent twice. */
  readonly body?: unknown;
  /** Besides those that the client itself sends. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Success statuses: the documented one and the one the running service sends. */
  readonly expect: readonly number[];
  /**
   * Checks the body of a success and turns it into a model; gets `undefined` for 204. Throws when the shape is wrong.
   * `urls` says where URLs in the body may lead.
   */
  readonly decode: (body: unknown, urls: UrlRules) => Model;
}

/** A body that is streamed, with the content type that describes it. */
export class MultipartBody {
  readonly contentType: string;
  readonly chunks: AsyncIterable<Uint8Array>;

  constructor(contentType: string, chunks: AsyncIterable<Uint8Array>) {
    this.contentType = contentType;
    this.chunks = chunks;
  }
}

export interface CallOptions {
  /** Aborts the call when the caller of the gateway leaves, or the time of the whole operation is up. */
  readonly signal?: AbortSignal | undefined;
  /** Polls wait behind all else for their place in the budget of the key. @default 'interactive' */
  readonly priority?: Priority;
  /** Who it is for: callers have equal parts of the budget. @default '' for the gateway itself */
  readonly caller?: string;
  /** Told when an answer begins, with how many more calls the service would take now, if it says so. */
  readonly onAnswer?: (remaining: number | undefined) => void;
  /** The call's own clock, made by `withRepeats`. Whoever makes it wait for somebody else than the service stops it. */
  readonly deadline?: Deadline;
}

/** The only way to the service's API: a client of HTTP at its heart, and decorators around it (`clients.ts`). */
export interface UpstreamClient {
  /**
   * Makes one call and decodes its answer.
   * @throws {UpstreamError} for every failure, whatever its origin.
   */
  call<Model>(call: ApiCall<Model>, options?: CallOptions): Promise<Model>;
  /** Frees the connections. */
  close(): Promise<void>;
}

/** Adds one idea to a client. */
export type ClientDecorator = (client: UpstreamClient) => UpstreamClient;
