import type { Fetcher, FetcherOpts, Observable } from '@graphiql/toolkit';
import { getOperationAST } from 'graphql';
import type { DocumentNode, ExecutionResult } from 'graphql';
import { createClient } from 'graphql-sse';
import { GatewayUnreachableError } from '../../client/errors.ts';
import { bodyOf } from '../../client/multipart.ts';
import type { Operation } from '../../client/multipart.ts';
import { post } from '../../client/post.ts';
import type { Progress } from '../../client/post.ts';
import { operationNameIn, parsed } from './edited-document.ts';
import { withAnswer } from './ids.ts';
import { texts } from './language.ts';
import { fileKey, state } from './state.ts';
import { uploadPlaces, withFiles } from './uploads.ts';

const ENDPOINT = '/graphql';

interface Sink {
  readonly next: (result: ExecutionResult) => void;
  readonly error: (error: unknown) => void;
  readonly complete: () => void;
}

/** Sends operations: as JSON, with files as a multipart request, and subscriptions over server-sent events. */
export const fetcher: Fetcher = (params, options) => {
  const headers = headersOf(options);
  if (params.operationName === 'IntrospectionQuery') return send(params, headers);
  const document = parsed(params.query);
  const operationName = operationNameIn(document, params.operationName);
  const sent = { ...params, operationName };
  return {
    subscribe(sink: Sink) {
      const stop = new AbortController();
      const next = (result: ExecutionResult): void => {
        if (stop.signal.aborted) return;
        sink.next(result);
        if (document !== undefined) learnIds(document, operationName, result);
      };
      run(sent, document, headers, { signal: stop.signal, next }).then(
        () => stop.signal.aborted || sink.complete(),
        (error: unknown) => stop.signal.aborted || sink.error(error),
      );
      return { unsubscribe: () => stop.abort() };
    },
  } as Observable<ExecutionResult>;
};

/** What GraphiQL passes, with the name of the operation in the text. */
interface Params {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>>;
}

interface Running {
  readonly signal: AbortSignal;
  readonly next: (result: ExecutionResult) => void;
}

async function run(
  params: Params,
  document: DocumentNode | undefined,
  headers: Readonly<Record<string, string>>,
  { signal, next }: Running,
): Promise<void> {
  state.setState({ events: [] });
  const { operationName, variables = {} } = params;
  const operation = document && getOperationAST(document, operationName);
  if (operation?.operation === 'subscription') return subscribe(params, headers, { signal, next });
  const { schema, files } = state.getState();
  const places = schema && document ? uploadPlaces(schema, document, operationName, variables) : [];
  const uploads = places.map((place) => ({
    place,
    files: files[fileKey(operationName, place.path.join('.'))] ?? [],
  }));
  const missing = uploads.filter((upload) => upload.place.isRequired && upload.files.length === 0);
  if (missing.length > 0)
    throw new Error(texts.missing(missing.map(({ place }) => place.path.join('.')).join(', ')));
  const chosen = uploads.filter((upload) => upload.files.length > 0);
  next(await send({ ...params, variables: withFiles(variables, chosen) }, headers, signal));
}

function headersOf(options: FetcherOpts | undefined): Record<string, string> {
  const { token } = state.getState();
  // With another type, an answer with errors would have an HTTP status that browsers print in the console.
  return {
    accept: 'application/json',
    ...(token !== '' && { authorization: `Bearer ${token}` }),
    ...(options?.headers as Record<string, string> | undefined),
  };
}

async function send(
  operation: Operation,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<ExecutionResult> {
  const body = bodyOf(operation);
  const onProgress =
    typeof body === 'string'
      ? undefined
      : ({ sentBytes, totalBytes }: Progress): void =>
          state.setState({ progress: { sent: sentBytes, total: totalBytes } });
  try {
    const { status, text } = await post(ENDPOINT, { body, headers, signal, onProgress });
    return resultIn(text, status);
  } catch (error) {
    throw error instanceof GatewayUnreachableError ? new Error(texts.unreachable) : error;
  } finally {
    state.setState({ progress: undefined });
  }
}

function resultIn(text: string, status: number): ExecutionResult {
  try {
    return JSON.parse(text) as ExecutionResult;
  } catch {
    throw new Error(texts.notJson(status));
  }
}

/** Each event is shown when it arrives, and listed. */
async function subscribe(
  params: Params,
  headers: Readonly<Record<string, string>>,
  { signal, next }: Running,
): Promise<void> {
  const client = createClient({
    url: ENDPOINT,
    headers: { ...headers, accept: 'text/event-stream' },
    // The next attempts follow after about one and two seconds.
    retryAttempts: 2,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = client.subscribe<ExecutionResult['data'] & object>(
    {
      query: params.query,
      variables: { ...params.variables },
      ...(params.operationName !== undefined && { operationName: params.operationName }),
    },
    {
      next: (event) => {
        // The protocol has results as a server sends them.
        const result = event as ExecutionResult;
        state.setState(({ events }) => ({ events: [...events, { at: new Date(), result }] }));
        next(result);
      },
      error: (error: unknown) =>
        reject(error instanceof Error ? new Error(texts.unreachable, { cause: error }) : error),
      complete: () => resolve(),
    },
  );
  signal.addEventListener('abort', () => stop(), { once: true });
  await promise;
}

function learnIds(
  document: DocumentNode,
  operationName: string | undefined,
  { data }: ExecutionResult,
): void {
  const { schema, ids } = state.getState();
  if (schema === undefined || data == null) return;
  state.setState({ ids: withAnswer(ids, schema, document, operationName, data) });
}
