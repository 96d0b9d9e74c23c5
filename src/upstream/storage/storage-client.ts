import type { Dispatcher } from 'undici';
import type { Call, CallFacts, Client } from '../call.ts';

/** The request of one call to the storage. */
export interface StorageRequest extends CallFacts {
  /** A pre-signed URL of the service. It carries its own authorization (SAS): the storage never receives the API key. */
  readonly url: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Success statuses. Redirects are not followed. */
  readonly expect: readonly number[];
}

/** Reads an answer with an expected status. */
export type StorageAnswer = readonly [response: Dispatcher.ResponseData];
export type StorageCall<Model> = Call<StorageRequest, StorageAnswer, Model>;
/**
 * Azure Blob Storage. The `detail` of its errors is the error code of the storage; `AuthenticationFailed` means that the URL
 * has expired.
 */
export type StorageClient = Client<StorageRequest, StorageAnswer>;
