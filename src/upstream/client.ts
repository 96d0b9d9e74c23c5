import type { Call, CallFacts, Client } from './call.ts';
import type { operations } from './openapi.d.ts';
import type { UrlRules } from './url-rules.ts';

export type { CallOptions } from './call.ts';

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
