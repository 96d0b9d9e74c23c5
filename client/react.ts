/** `sigillo/client/react`: hooks for React. See docs/guide/client.md. */
import { createContext, useContext, useEffect, useRef, useState } from 'react';
import { SigilloClient } from './client.ts';
import type { DataOf, TypedDocument, WatchedRequest } from './client.ts';
import { isClientError } from './errors.ts';
import type { ClientError } from './errors.ts';
import type { Progress } from './post.ts';

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

export type WatchState =
  /** There is no id, or no event yet. */
  | { readonly status: 'idle' | 'connecting'; readonly request?: undefined }
  /** `lost`: the connection will be opened again. `ended`: the request is SIGNED, REJECTED or CANCELLED. */
  | { readonly status: 'open' | 'lost' | 'ended'; readonly request: WatchedRequest }
  | {
      readonly status: 'failed';
      readonly error: ClientError;
      readonly request?: WatchedRequest | undefined;
    };

/** The state of a signature request while the component is mounted. An error that is not a `ClientError` is thrown. */
export function useWatch(id: string | undefined): WatchState {
  const client = useContext(SigilloContext);
  const [watched, setWatched] = useState<{ readonly id: string; readonly state: WatchState }>();

  useEffect(() => {
    if (id === undefined) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    let request: WatchedRequest | undefined;
    const show = (state: WatchState): void => {
      if (!signal.aborted) setWatched({ id, state });
    };
    const onConnection = (status: 'open' | 'lost'): void => {
      if (request !== undefined) show({ status, request });
    };
    const watch = async (): Promise<void> => {
      for await (request of client.watch(id, { signal, onConnection })) show({ status: 'open', request });
      if (request !== undefined) show({ status: 'ended', request });
    };
    watch().catch((error: unknown) => {
      if (signal.aborted) return;
      if (isClientError(error)) return show({ status: 'failed', error, request });
      setWatched(() => {
        throw error;
      });
    });
    return () => controller.abort();
  }, [client, id]);

  if (id === undefined) return { status: 'idle' };
  // Of another id until the effect has run.
  return watched?.id === id ? watched.state : { status: 'connecting' };
}
