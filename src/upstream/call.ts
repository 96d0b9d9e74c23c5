import { UpstreamError } from './failure.ts';
import type { Effect } from './failure.ts';
import type { operations } from './openapi.d.ts';
import type { Deadline } from './pipeline/deadline.ts';
import type { UrlRules } from './url-rules.ts';

/** Interactive calls are admitted before polls. */
export type Priority = 'interactive' | 'poll';

/** The facts of a call that the pipeline decides by. Each operation states its own. */
export interface CallFacts {
  /** `operationId` of `mocks/openapi.yaml`, or the name of a storage operation: `putBlob`, `getBlob` … */
  readonly operation: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly effect: Effect;
  /** Whether identical reads of one caller at the same time may share one call. @default false */
  readonly mayCoalesce?: boolean;
  /**
   * Whether the origin answers some invalid inputs with a 500. Such a 500 does not count against its health; otherwise one
   * caller could open the circuit breaker for all. @default false
   */
  readonly answersInvalidInputWith500?: boolean;
  /** Whether the outcome of the call says something about the health of its origin. @default true */
  readonly showsHealth?: boolean;
  /**
   * The error code with which the origin refuses a call that it has performed before. A retry that fails so leaves the
   * outcome of the earlier attempt unknown, and that attempt's failure is reported.
   */
  readonly alreadyPerformedCode?: string;
}

export interface CallOptions {
  /** Aborts the call: the client has disconnected, or the time of the operation is up. */
  readonly signal?: AbortSignal | undefined;
  /** The controller of `signal`, if the signal is of this call alone. Set by the pipeline. */
  readonly controller?: AbortController;
  /** Sent besides the headers of the call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default 'interactive' */
  readonly priority?: Priority;
  /** The caller of the gateway. Callers share the rate budget equally. @default '' for the gateway itself */
  readonly caller?: string;
  /** Runs when an answer begins. @param remaining calls that the service still accepts, if it says so. */
  readonly onAnswer?: (remaining: number | undefined) => void;
  /** The deadline of the call, set by the pipeline. A stage that waits for something other than the origin stops it. */
  readonly deadline?: Deadline;
}

/** Converts an answer to a model. */
interface Decoding<Answer extends readonly unknown[], Model> {
  readonly decode: (...answer: Answer) => Model | Promise<Model>;
}

/** A call whose answer becomes a `Model`. */
export type Call<Facts extends CallFacts, Answer extends readonly unknown[], Model> = Facts &
  Decoding<Answer, Model>;

/** The only way to an origin: the service or its storage. An HTTP client at its core, and a pipeline around it. */
export interface Client<Facts extends CallFacts, Answer extends readonly unknown[]> {
  /**
   * Makes one call and decodes its answer.
   * @throws {UpstreamError} for every failure, whatever its origin.
   */
  call<Model>(call: Call<Facts, Answer, Model>, options?: CallOptions): Promise<Model>;
  /** Frees the connections. */
  close(): Promise<void>;
}

/** Makes a call: the client itself, or the part of the pipeline behind a stage. */
export type Send<Facts extends CallFacts, Answer extends readonly unknown[]> = <Model>(
  call: Call<Facts, Answer, Model>,
  options: CallOptions,
) => Promise<Model>;

/**
 * One stage of the pipeline, around the stages behind it. The pipeline is composed once, so a call makes no closures for
 * stages that it passes. A stage may throw at once: the stage of retries, outside of most, makes a rejection of it.
 */
export type Stage<Known extends CallFacts = CallFacts> = <
  Facts extends Known,
  Answer extends readonly unknown[],
>(
  next: Send<Facts, Answer>,
) => Send<Facts, Answer>;

/** A client whose calls pass these stages, the first one outermost. */
export function withStages<Facts extends CallFacts, Answer extends readonly unknown[]>(
  client: Client<Facts, Answer>,
  stages: readonly Stage<Facts>[],
): Client<Facts, Answer> {
  const send = stages.reduceRight<Send<Facts, Answer>>(
    (next, stage) => stage(next),
    (call, options) => client.call(call, options),
  );
  return { call: (call, options = {}) => send(call, options), close: () => client.close() };
}

/** A client whose calls have these options, unless a call sets its own. */
export function withOptions<Facts extends CallFacts, Answer extends readonly unknown[]>(
  client: Client<Facts, Answer>,
  given: CallOptions,
): Client<Facts, Answer> {
  return {
    call: (call, options) => client.call(call, { ...given, ...options }),
    close: () => client.close(),
  };
}

/** The JSON body that the contract requires for an operation. */
export type ApiBody<Operation extends keyof operations> = operations[Operation] extends {
  requestBody: { content: { 'application/json': infer Body } };
}
  ? Body
  : never;

/** The request of one call to the service. Key, deadline and retries belong to the client and its pipeline. */
export interface ApiRequest extends CallFacts {
  /** Path below the base URL, made with the `path` tag so that no id can reach another path. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON, except a `MultipartBody`, which is streamed. */
  readonly body?: unknown;
  /** Success statuses: the documented one and the one that the service sends. */
  readonly expect: readonly number[];
}

/** Checks the body of a success, `undefined` for a 204, and where its URLs lead. It throws when the shape is wrong. */
export type ApiAnswer = readonly [body: unknown, urls: UrlRules];
export type ApiCall<Model> = Call<ApiRequest, ApiAnswer, Model>;
export type UpstreamClient = Client<ApiRequest, ApiAnswer>;

/** A body that is streamed, with its content type. */
export class MultipartBody {
  readonly contentType: string;
  readonly chunks: AsyncIterable<Uint8Array>;

  constructor(contentType: string, chunks: AsyncIterable<Uint8Array>) {
    this.contentType = contentType;
    this.chunks = chunks;
  }
}

/** Ids of the service are ULIDs and UUIDs. The alphabet covers both and has no character with a meaning in a path. */
const ID = /^[\w-]{1,64}$/;

/**
 * Builds a path below the base URL of the API: ``path('getDossier')`/dossiers/${id}` ``. An id outside the alphabet cannot
 * exist and could name another path (`..`, `/`, `?`), so it fails like an unknown id, without a call.
 * @throws {UpstreamError} of kind `not-found`.
 */
export function path(operation: string): (text: TemplateStringsArray, ...ids: readonly string[]) => string {
  return (texts, ...ids) =>
    ids.reduce((path, id, index) => {
      if (!ID.test(id)) throw new UpstreamError({ operation, kind: 'not-found' });
      return path + id + (texts[index + 1] ?? '');
    }, texts[0] ?? '');
}
