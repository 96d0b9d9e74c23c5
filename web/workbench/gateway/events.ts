import { createClient } from 'graphql-sse';
import { createSubject } from '../subject.ts';
import { fetchAsCaller, isRefused } from './token.ts';

/** Whether the stream of events is connected; `lost` while the client reconnects by itself. */
export type Connection = 'idle' | 'open' | 'lost';
export const connection = createSubject<Connection>('idle');

interface Sink {
  next(value: {
    data?: Record<string, unknown> | null;
    errors?: readonly { readonly message: string }[];
  }): void;
  error(value: unknown): void;
  complete(): void;
}

const RETRY_MS = 1_000;

/** Over server-sent events. After a lost connection the client reconnects, and the first event is the current state. */
const events = createClient({
  url: '/graphql',
  fetchFn: fetchAsCaller,
  retryAttempts: Number.POSITIVE_INFINITY,
  retry: async () => {
    if (isRefused.get()) return anotherToken();
    connection.set('lost');
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  },
  on: { connected: () => connection.set('open') },
});

/** The same token would be refused again. */
function anotherToken(): Promise<void> {
  return new Promise((resolve) => {
    const stop = isRefused.subscribe(() => {
      stop();
      resolve();
    });
  });
}

export function subscribeTo(
  operation: { query?: string | undefined; variables?: object | undefined },
  sink: Sink,
): () => void {
  const stop = events.subscribe(
    { query: operation.query ?? '', variables: { ...operation.variables } },
    {
      next: ({ data, errors }) =>
        sink.next({ ...(data !== undefined && { data }), ...(errors && { errors }) }),
      error: (error) => sink.error(error),
      complete: () => sink.complete(),
    },
  );
  return () => {
    stop();
    if (connection.get() === 'lost') connection.set('idle');
  };
}
