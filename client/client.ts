import { GatewayUnreachableError, GraphqlRequestError } from './errors.ts';
import type { GraphqlErrorBody } from './errors.ts';
import { multipartOf } from './multipart.ts';
import { SignatureRequestChanged } from './operations.ts';
import type { SignatureRequestChangedSubscription, TypedDocumentString } from './operations.ts';
import { post } from './post.ts';
import type { Progress } from './post.ts';
import { subscribe } from './subscribe.ts';

export interface ClientOptions {
  /** The URL of the gateway's GraphQL endpoint. @default '/graphql' */
  readonly url?: string | URL;
  /** Headers of each request, such as `authorization`. Called for each request, so a token can be renewed. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
}

export interface RunOptions {
  /** Aborts the request. An aborted mutation may already have had its effect: retry it with the same `idempotencyKey`. */
  readonly signal?: AbortSignal;
  /** Called while the request is sent, in browsers. Node has no way to observe it. */
  readonly onProgress?: (progress: Progress) => void;
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

type WatchedRequest = NonNullable<SignatureRequestChangedSubscription['signatureRequestChanged']>;

/** A client of the gateway, for browsers and Node. It has no cache and no state. */
export class SigilloClient {
  readonly #url: string;
  readonly #headers: NonNullable<ClientOptions['headers']>;

  constructor({ url = '/graphql', headers = () => ({}) }: ClientOptions = {}) {
    this.#url = String(url);
    this.#headers = headers;
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
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    { signal, onProgress }: RunOptions = {},
  ): Promise<DataOf<Result>> {
    const body = multipartOf({ query: String(document), variables });
    const headers = {
      accept: 'application/graphql-response+json, application/json',
      ...(await this.#headers()),
    };
    const { status, text } = await post(this.#url, { body, headers, signal, onProgress });
    const answer = parseAnswer(text);
    if (answer === undefined)
      throw new GatewayUnreachableError(`The answer has status ${status} and is not GraphQL.`);
    const [error] = answer.errors ?? [];
    if (error !== undefined) throw new GraphqlRequestError(status, error);
    // The cast: the gateway validates operations against the schema from which the types are generated.
    return answer.data as DataOf<Result>;
  }

  /**
   * The current state of a signature request, then its state after each change, until it is SIGNED, REJECTED or CANCELLED. A
   * broken connection is opened again, and nothing is missed, because each connection begins with the current state.
   *
   * @throws {GraphqlRequestError} such as `NOT_FOUND`, or `UNAUTHENTICATED` when the token has expired
   * @throws {GatewayUnreachableError} the gateway could not be reached in ten attempts in a row
   * @throws the reason of `signal`, if it is aborted
   */
  async *watch(
    id: string,
    { signal }: Pick<RunOptions, 'signal'> = {},
  ): AsyncGenerator<WatchedRequest, void> {
    const operation = { query: String(SignatureRequestChanged), variables: { id } };
    for await (const text of subscribe(this.#url, operation, { headers: this.#headers, signal })) {
      const answer = parseAnswer(text);
      const [error] = answer?.errors ?? [];
      if (error !== undefined) throw new GraphqlRequestError(200, error);
      const data = answer?.data as SignatureRequestChangedSubscription | undefined;
      if (data?.signatureRequestChanged) yield data.signatureRequestChanged;
    }
  }
}

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly GraphqlErrorBody[];
}

function parseAnswer(text: string): Answer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    const isAnswer =
      typeof answer === 'object' && answer !== null && ('data' in answer || 'errors' in answer);
    // The cast: only the gateway answers with these members.
    return isAnswer ? (answer as Answer) : undefined;
  } catch {
    return undefined;
  }
}
