import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { createStore } from 'zustand/vanilla';
import type { Ids } from './ids.ts';

/** An event of the running subscription, or of the last one. */
export interface StreamEvent {
  readonly at: Date;
  readonly result: ExecutionResult;
}

export interface PageState {
  readonly schema: GraphQLSchema | undefined;
  /** The bearer token or API key; empty without one. */
  readonly token: string;
  /** What the answers contained. */
  readonly ids: Ids;
  /** Chosen files, by the key of `fileKey`. Only in memory. */
  readonly files: Readonly<Record<string, readonly File[]>>;
  /** Of the running upload, in bytes. */
  readonly progress: { readonly sent: number; readonly total: number } | undefined;
  readonly events: readonly StreamEvent[];
}

const TOKEN = 'sigillo:token';

export const state = createStore<PageState>(() => ({
  schema: undefined,
  token: sessionStorage.getItem(TOKEN) ?? '',
  ids: {},
  files: {},
  progress: undefined,
  events: [],
}));

/** Keeps the token until the browser tab is closed. */
export function setToken(token: string): void {
  if (token === '') sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
  state.setState({ token });
}

/** Operations of the same name share their files. */
export const fileKey = (operationName: string | undefined, path: string): string =>
  `${operationName ?? ''}:${path}`;

export function setFiles(key: string, files: readonly File[]): void {
  state.setState((before) => ({ files: { ...before.files, [key]: files } }));
}
