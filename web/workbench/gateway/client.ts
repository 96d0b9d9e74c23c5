import { Client, fetchExchange, stringifyDocument, subscriptionExchange } from 'urql';
import type { AnyVariables, OperationResult, TypedDocumentNode } from 'urql';
import { addItem, newCalls, removeItem, updateOperation } from '../timeline/timeline-store.ts';
import type { SentFile } from '../timeline/timeline-store.ts';
import { subscribeTo } from './events.ts';
import { fetchWithProgress } from './fetch-with-progress.ts';
import { authorization, fetchAsCaller, isRefused } from './token.ts';

export const client = new Client({
  url: '/graphql',
  fetch: (address, init) => fetchAsCaller(String(address), init),
  preferGetMethod: false,
  // No cache: the page shows what the gateway answers now.
  requestPolicy: 'network-only',
  exchanges: [
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: (operation) => ({
        subscribe: (sink) => ({ unsubscribe: subscribeTo(operation, sink) }),
      }),
    }),
  ],
});

export interface RunOptions {
  readonly onProgress?: (share: number) => void;
  /** Replaces the item of an earlier run in the timeline, for operations that the page repeats by itself. */
  readonly replaces?: number | undefined;
  /** Ends the operation, and removes it from the timeline. */
  readonly signal?: AbortSignal;
}

export interface Run<Data> {
  readonly data: Data | undefined;
  /** The code of a top-level error, or `UNREACHABLE`. */
  readonly fault: { readonly code: string; readonly message: string } | undefined;
  readonly itemId: number;
}

/** Runs a mutation, and records it in the timeline with the calls to the service that it took. */
export async function run<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  { onProgress = () => undefined, replaces, signal }: RunOptions = {},
): Promise<Run<Data>> {
  if (replaces !== undefined) removeItem(replaces);
  const { plain, files } = withoutFiles(variables);
  await newCalls().catch(() => []);
  const itemId = addItem({
    kind: 'operation',
    name: nameOf(document),
    query: stringifyDocument(document),
    variables: plain,
    files,
    isRunning: true,
    calls: [],
  });
  const start = performance.now();
  const result = await client
    .mutation(document, variables, {
      fetch: fetchWithProgress({ onProgress, headers: authorization, signal }),
    })
    .toPromise();
  if (signal?.aborted === true) removeItem(itemId);
  const milliseconds = Math.round(performance.now() - start);
  const fault = faultOf(result);
  if (fault?.code === 'UNAUTHENTICATED') isRefused.set(true);
  const outcome = fault?.code ?? typeOf(result.data);
  updateOperation(itemId, {
    isRunning: false,
    milliseconds,
    outcome,
    failed: !outcome.endsWith('Payload'),
    answer:
      result.data === undefined || result.data === null
        ? { errors: result.error?.graphQLErrors }
        : { data: result.data },
  });
  updateOperation(itemId, { calls: await newCalls().catch(() => []) });
  return { data: result.data, fault, itemId };
}

function faultOf({ error }: Pick<OperationResult, 'error'>): Run<unknown>['fault'] {
  if (error === undefined) return undefined;
  const [first] = error.graphQLErrors;
  if (first === undefined) return { code: 'UNREACHABLE', message: error.message };
  return { code: String(first.extensions['code'] ?? 'INTERNAL_SERVER_ERROR'), message: first.message };
}

/** The type of the only root field. */
function typeOf(data: unknown): string {
  const [first] = Object.values((data ?? {}) as Record<string, { __typename?: string } | null>);
  return first?.__typename ?? 'null';
}

const nameOf = (document: TypedDocumentNode<unknown, never>): string => {
  const [definition] = document.definitions;
  return definition?.kind === 'OperationDefinition' ? (definition.name?.value ?? '') : '';
};

/** The variables as the multipart request has them: files are null, and listed by their path. */
function withoutFiles(variables: unknown): { plain: unknown; files: SentFile[] } {
  const files: SentFile[] = [];
  const visit = (value: unknown, path: string): unknown => {
    if (value instanceof File) {
      files.push({ path, name: value.name, size: value.size });
      return null;
    }
    if (Array.isArray(value)) return value.map((item, index) => visit(item, `${path}.${index}`));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, visit(item, `${path}.${name}`)]),
    );
  };
  return { plain: visit(variables, 'variables'), files };
}
