import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import { parseAnswer } from './answer.ts';
import { GatewayUnreachableError, GraphqlRequestError } from './errors.ts';
import { bodyOf } from './multipart.ts';
import type { Operation } from './multipart.ts';
import { SignatureRequestChanged } from './operations.ts';
import type { SignatureRequestChangedSubscription } from './operations.ts';
import { post } from './post.ts';
import type { Progress } from './post.ts';
import { subscribe } from './subscribe.ts';
import type { StreamOptions } from './subscribe.ts';

export interface ClientOptions {
  /** The URL of the gateway's GraphQL endpoint. @default '/graphql' */
  readonly url?: string | URL;
  /** Headers of each request, such as `authorization`. Called for each request, so a token can be renewed. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /**
   * The id of a document, which is sent in its place, for a gateway that executes trusted documents only: `documentIdOf`, or a
   * function that reads the hash of GraphQL Code Generator. By default the text is sent.
   */
  readonly documentId?: ((document: object) => string | Promise<string>) | undefined;
}

export interface RunOptions {
  /** Aborts the request. An aborted mutation may already have had its effect: retry it with the same `idempotencyKey`. */
  readonly signal?: AbortSignal | undefined;
  /** Called while the request is sent. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * The data of an operation without errors. The result of a mutation, which has a `__typename`, is then not null; a query is null
 * for what does not exist.
 */
export type DataOf<Result> = {
  readonly [Field in keyof Result]: Result[Field] extends { readonly __typename: string } | null
    ? NonNullable<Result[Field]>
    : Result[Field];
};

/** A signature request as `watch` yields it. */
export type WatchedRequest = NonNullable<SignatureRequestChangedSubscription['signatureRequestChanged']>;

/** An operation with its types: one of this package, or one that GraphQL Code Generator writes with `documentMode: 'string'`. */
export interface TypedDocument<Result, Variables> extends DocumentTypeDecoration<Result, Variables> {
  /** As of a string: a parsed document has none. */
  readonly length: number;
  toString(): string;
}

/** A client of the gateway, for browsers and Node. It has no cache and no state. */
export class SigilloClient {
  readonly #url: string;
  readonly #headers: NonNullable<ClientOptions['headers']>;
  readonly #documentId: ClientOptions['documentId'];

  constructor({ url = '/graphql', headers = () => ({}), documentId }: ClientOptions = {}) {
    this.#url = String(url);
    this.#headers = headers;
    this.#documentId = documentId;
  }

  /**
   * Executes an operation. Files (`Blob` or `File`) anywhere in the variables are sent as a GraphQL multipart request. The typed
   * errors of a mutation are part of its result: switch over `__typename`.
   *
   * @throws {GraphqlRequestError} the gateway refused the operation or could not execute it; `code` says why
   * @throws {GatewayUnreachableError} no answer, or one that is not from the gateway
   * @throws the reason of `signal`, if it is aborted
   */
  async run<Result, Variables>(
    document: TypedDocument<Result, Variables>,
    variables: Variables,
    { signal, onProgress }: RunOptions = {},
  ): Promise<DataOf<Result>> {
    const body = bodyOf(await this.#operationOf(document, variables));
    const headers = {
      accept: 'application/graphql-response+json, application/json',
      ...(await this.#headers()),
    };
    const { status, text } = await post(this.#url, { body, headers, signal, onProgress });
    const answer = parseAnswer(text);
    if (answer === undefined)
      throw new GatewayUnreachableError(`The answer has status ${status} and is not GraphQL.`);
    const [error] = answer.errors ?? [];
    if (error !== undefined) throw new GraphqlRequestError(status, error, answer);
    // The cast: the gateway validates operations against the schema from which the types are generated.
    return answer.data as DataOf<Result>;
  }

  /**
   * The events of a subscription until it completes. A broken connection is opened again; each connection begins with the
   * current state, so nothing is missed.
   *
   * @throws {GraphqlRequestError} such as `NOT_FOUND`
   * @throws {GatewayUnreachableError} the gateway could not be reached in `attempts` in a row
   * @throws the reason of `signal`, if it is aborted
   */
  async *subscribe<Result, Variables>(
    document: TypedDocument<Result, Variables>,
    variables: Variables,
    options: StreamOptions = {},
  ): AsyncGenerator<Result, void> {
    const operation = await this.#operationOf(document, variables);
    // The cast: as for `run`.
    yield* subscribe(this.#url, operation, this.#headers, options) as AsyncGenerator<Result, void>;
  }

  /**
   * The current state of a signature request, then its state after each change, until it is SIGNED, REJECTED or CANCELLED.
   *
   * @throws as `subscribe`
   */
  async *watch(id: string, options?: StreamOptions): AsyncGenerator<WatchedRequest, void> {
    for await (const { signatureRequestChanged } of this.subscribe(SignatureRequestChanged, { id }, options))
      if (signatureRequestChanged) yield signatureRequestChanged;
  }

  async #operationOf(document: object, variables: unknown): Promise<Operation> {
    if (this.#documentId === undefined) return { query: String(document), variables };
    return { documentId: await this.#documentId(document), variables };
  }
}

/**
 * The id of a document in a manifest of trusted documents, such as `sigillo/client/documents.json`: the SHA-256 of its text.
 *
 * @throws {TypeError} on pages without HTTPS, except on localhost: their browsers have no `crypto.subtle`
 */
export async function documentIdOf(document: object | string): Promise<string> {
  // The types do not know pages without it.
  if ((crypto.subtle as SubtleCrypto | undefined) === undefined)
    throw new TypeError(
      'documentIdOf needs crypto.subtle, which browsers have only with HTTPS and on localhost.',
    );
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(String(document)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
