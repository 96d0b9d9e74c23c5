import { documentIdOf, GraphqlRequestError, isClientError, SigilloClient } from '../../../client/index.ts';
import type { DataOf, RunOptions, TypedDocument } from '../../../client/index.ts';
import { withoutFiles } from '../../../client/multipart.ts';
import { createSubject } from '../subject.ts';
import { addItem, newCalls, removeItem, updateOperation } from '../timeline/timeline-store.ts';
import type { SentFile } from '../timeline/timeline-store.ts';
import { authorization, isRefused, token } from './token.ts';

/**
 * The gateway knows the documents of this page, so their ids are sent in place of their texts. Without HTTPS, on another machine
 * than its own, a page cannot compute them.
 */
const newClient = (): SigilloClient =>
  new SigilloClient({ headers: authorization, documentId: isSecureContext ? documentIdOf : undefined });

/** The client for the current token. It is replaced with the token, so that subscriptions start again. */
export const client = createSubject(newClient());
token.subscribe(() => client.set(newClient()));

/** After a lost connection, until the gateway is back. */
export const RECONNECT = { attempts: Number.POSITIVE_INFINITY, longestPauseMs: 2_000 };

/** Runs an operation. @throws as `SigilloClient.run` */
export async function send<Data, Variables>(
  document: TypedDocument<Data, Variables>,
  variables: Variables,
  options?: RunOptions,
): Promise<DataOf<Data>> {
  const sender = client.get();
  try {
    return await sender.run(document, variables, options);
  } catch (error) {
    // A late answer says nothing about another token that was entered meanwhile.
    if (error instanceof GraphqlRequestError && error.code === 'UNAUTHENTICATED' && sender === client.get())
      isRefused.set(true);
    throw error;
  }
}

export interface RecordOptions {
  readonly onProgress?: (share: number) => void;
  /** Replaces the item of an earlier run in the timeline, for operations that the page repeats by itself. */
  readonly replaces?: number | undefined;
  /** Ends the operation, and removes it from the timeline. */
  readonly signal?: AbortSignal;
}

export interface Run<Data> {
  readonly data: DataOf<Data> | undefined;
  /** The code of a top-level error, or `UNREACHABLE`. */
  readonly fault: Fault | undefined;
  readonly itemId: number;
}

interface Fault {
  readonly code: string;
  readonly message: string;
}

/** Runs a mutation, and records it in the timeline with the calls to the service that it took. */
export async function run<Data extends object, Variables>(
  document: TypedDocument<Data, Variables>,
  variables: Variables,
  { onProgress = () => undefined, replaces, signal }: RecordOptions = {},
): Promise<Run<Data>> {
  if (replaces !== undefined) removeItem(replaces);
  await newCalls().catch(() => []);
  const itemId = addItem({ kind: 'operation', ...recordOf(document, variables), isRunning: true, calls: [] });
  const start = performance.now();
  const result = await settled(
    send(document, variables, {
      signal,
      onProgress: ({ sentBytes, totalBytes }) => onProgress(sentBytes / totalBytes),
    }),
  );
  if (signal?.aborted === true) removeItem(itemId);
  const { data, fault, answer } = result;
  const outcome = fault?.code ?? typeOf(data);
  updateOperation(itemId, {
    isRunning: false,
    milliseconds: Math.round(performance.now() - start),
    outcome,
    failed: !outcome.endsWith('Payload'),
    answer,
  });
  updateOperation(itemId, { calls: await newCalls().catch(() => []) });
  return { data, fault, itemId };
}

interface Settled<Data> {
  readonly data?: Data;
  readonly fault?: Fault;
  /** As the gateway sent it. */
  readonly answer?: unknown;
}

/** @throws what is not an error of the client, except when the operation was aborted */
async function settled<Data>(running: Promise<Data>): Promise<Settled<Data>> {
  try {
    const data = await running;
    return { data, answer: { data } };
  } catch (error) {
    if (!isClientError(error)) {
      if (error instanceof DOMException && error.name === 'AbortError') return {};
      throw error;
    }
    return error instanceof GraphqlRequestError
      ? { fault: error, answer: error.answer }
      : { fault: { code: 'UNREACHABLE', message: error.message } };
  }
}

/** What the timeline shows of an operation: files are null in its variables, and listed by their path. */
function recordOf(document: TypedDocument<object, never>, variables: unknown) {
  const query = String(document);
  const [, name = ''] = /^\w+ (\w+)/.exec(query) ?? [];
  const paths = new Map<Blob, string[]>();
  const plain = withoutFiles(variables, 'variables', paths);
  const files = [...paths].flatMap(([file, places]) => places.map((path) => sentFile(file, path)));
  return { name, query, variables: plain, files };
}

const sentFile = (file: Blob, path: string): SentFile => ({
  path,
  name: file instanceof File ? file.name : 'blob',
  size: file.size,
});

/** The type of the only root field. */
function typeOf(data: object | undefined): string {
  const [first] = Object.values((data ?? {}) as Record<string, { __typename?: string } | null>);
  return first?.__typename ?? 'null';
}
