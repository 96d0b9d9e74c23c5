/** `sigillo/client/react`: hooks for React. See docs/guide/client.md. */
import { createContext, useContext, useEffect, useRef, useState } from 'react';
import { SigilloClient } from './client.ts';
import type { DataOf, TypedDocument, WatchedRequest } from './client.ts';
import { isClientError } from './errors.ts';
import type { ClientError } from './errors.ts';
import { SignatureRequestChanged } from './operations.ts';
import type { Progress } from './post.ts';
import type { StreamOptions } from './subscribe.ts';

/** The client of the hooks. By default one of the gateway at `/graphql` of the page. */
export const SigilloContext = createContext(new SigilloClient());

export type MutationState<Result> =
  | { readonly status: 'idle' }
  /** `progress` is undefined until a part of the request has been sent. */
  | { readonly status: 'running'; readonly progress: Progress | undefined }
  /** `data` has the payload or a typed error: switch over its `__typename`. */
  | { readonly status: 'done'; readonly data: DataOf<Result> }
  | { readonly status: 'failed'; readonly error: ClientError };

export interface Mutation<Result, Variables> {
  readonly state: MutationState<Result>;
  /** Runs the mutation, and aborts its earlier run. Returns undefined if it fails or is aborted. */
  run(variables: Variables): Promise<DataOf<Result> | undefined>;
  /** Aborts the run. It may already have had its effect: run it again with the same `idempotencyKey`. */
  abort(): void;
}

/** A mutation with the state of its last run. A run continues when the component is unmounted. */
export function useMutation<Result, Variables>(
  document: TypedDocument<Result, Variables>,
): Mutation<Result, Variables> {
  const client = useContext(SigilloContext);
  const [state, setState] = useState<MutationState<Result>>({ status: 'idle' });
  const current = useRef<AbortController>(undefined);

  const abort = (): void => {
    current.current?.abort();
    current.current = undefined;
    setState({ status: 'idle' });
  };
  const run = async (variables: Variables): Promise<DataOf<Result> | undefined> => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    const { signal } = controller;
    const show = (next: MutationState<Result>): void => {
      if (!signal.aborted) setState(next);
    };
    show({ status: 'running', progress: undefined });
    try {
      const onProgress = (progress: Progress): void => show({ status: 'running', progress });
      const data = await client.run(document, variables, { signal, onProgress });
      show({ status: 'done', data });
      return data;
    } catch (error) {
      if (signal.aborted) return undefined;
      show(isClientError(error) ? { status: 'failed', error } : { status: 'idle' });
      if (!isClientError(error)) throw error;
      return undefined;
    }
  };
  return { state, run, abort };
}

export type SubscriptionState<Data> =
  /** There are no variables, or no event yet. */
  | { readonly status: 'idle' | 'connecting'; readonly data?: undefined }
  /** `ended`: the gateway has completed the subscription. `data` is that of the last event. */
  | { readonly status: 'open' | 'ended'; readonly data: Data }
  /** The connection will be opened again. */
  | { readonly status: 'lost'; readonly data?: Data | undefined }
  | { readonly status: 'failed'; readonly error: ClientError; readonly data?: Data | undefined };

/** How a stream is opened again. */
export type ReconnectOptions = Pick<StreamOptions, 'attempts' | 'longestPauseMs'>;

/**
 * The last event of a subscription while the component is mounted. Other variables, and another client in `SigilloContext`, open
 * it again. An error that is not a `ClientError` is thrown.
 *
 * @param variables undefined while there is nothing to subscribe to
 */
export function useSubscription<Data, Variables>(
  document: TypedDocument<Data, Variables>,
  variables: Variables | undefined,
  { attempts, longestPauseMs }: ReconnectOptions = {},
): SubscriptionState<Data> {
  const client = useContext(SigilloContext);
  const query = String(document);
  const key = variables === undefined ? undefined : JSON.stringify({ query, variables });
  const [last, setLast] = useState<{ readonly key: string; readonly state: SubscriptionState<Data> }>();
  const event = useRef<{ readonly key: string; readonly data: Data }>(undefined);

  useEffect(() => {
    if (key === undefined) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    // That of an earlier client is kept until the first event.
    let data = event.current?.key === key ? event.current.data : undefined;
    const show = (state: SubscriptionState<Data>): void => {
      if (!signal.aborted) setLast({ key, state });
    };
    const onConnection = (connection: 'open' | 'lost'): void => {
      if (connection === 'lost') show({ status: 'lost', data });
      else if (data !== undefined) show({ status: 'open', data });
    };
    const subscribe = async (): Promise<void> => {
      const options = { signal, onConnection, attempts, longestPauseMs };
      // The cast: `key` has the JSON of the variables, which contain no files.
      const sent = (JSON.parse(key) as { variables: Variables }).variables;
      for await (data of client.subscribe(document, sent, options)) {
        event.current = { key, data };
        show({ status: 'open', data });
      }
      if (data !== undefined) show({ status: 'ended', data });
    };
    subscribe().catch((error: unknown) => {
      if (signal.aborted) return;
      if (isClientError(error)) return show({ status: 'failed', error, data });
      setLast(() => {
        throw error;
      });
    });
    return () => controller.abort();
    // `key` stands for the document and the variables, which may be other objects at each rendering.
  }, [client, key, attempts, longestPauseMs]);

  if (key === undefined) return { status: 'idle' };
  // Of other variables until the effect has run.
  return last?.key === key ? last.state : { status: 'connecting' };
}

export type WatchState =
  /** There is no id, or no event yet. */
  | { readonly status: 'idle' | 'connecting'; readonly request?: undefined }
  /** `ended`: the request is SIGNED, REJECTED or CANCELLED. */
  | { readonly status: 'open' | 'ended'; readonly request: WatchedRequest }
  /** The connection will be opened again. */
  | { readonly status: 'lost'; readonly request?: WatchedRequest | undefined }
  | {
      readonly status: 'failed';
      readonly error: ClientError;
      readonly request?: WatchedRequest | undefined;
    };

/** The state of a signature request while the component is mounted: `useSubscription` for `SignatureRequestChanged`. */
export function useWatch(id: string | undefined, options?: ReconnectOptions): WatchState {
  const variables = id === undefined ? undefined : { id };
  const { data, ...state } = useSubscription(SignatureRequestChanged, variables, options);
  // The cast: a state has a request where that of the subscription has data.
  return { ...state, request: data?.signatureRequestChanged } as WatchState;
}
