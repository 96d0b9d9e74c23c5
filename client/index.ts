/** `sigillo/client`: a typed client of the gateway. See docs/guide/client.md. */
export type { Answer, GraphqlErrorBody } from './answer.ts';
export { documentIdOf, SigilloClient } from './client.ts';
export type { ClientOptions, DataOf, RunOptions, TypedDocument, WatchedRequest } from './client.ts';
export { GatewayUnreachableError, GraphqlRequestError, isClientError } from './errors.ts';
export type { ClientError, RequestErrorCode } from './errors.ts';
export type { Progress } from './post.ts';
export type { StreamOptions } from './subscribe.ts';
export * from './operations.ts';

/** The end of an exhaustive `switch`: the compiler refuses it while a case is missing. */
export function assertNever(value: never): never {
  throw new TypeError(`Unexpected value: ${JSON.stringify(value)}`);
}
