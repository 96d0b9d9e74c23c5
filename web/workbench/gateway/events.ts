import { createSubject } from '../subject.ts';

/** Whether the stream of events is connected; `lost` while the browser reconnects by itself. */
export type Connection = 'idle' | 'open' | 'lost';
export const connection = createSubject<Connection>('idle');

interface Sink {
  next(value: { data?: Record<string, unknown> | null; errors?: readonly { message: string }[] }): void;
  error(value: unknown): void;
  complete(): void;
}

/**
 * Subscribes over server-sent events, as graphql-sse does in its mode of one connection per operation. After a lost connection
 * the browser reconnects, and the first event is the current state.
 */
export function subscribeTo(
  operation: { query?: string | undefined; variables?: object | undefined },
  sink: Sink,
): () => void {
  const address = new URL('/graphql', location.href);
  address.searchParams.set('query', operation.query ?? '');
  address.searchParams.set('variables', JSON.stringify(operation.variables ?? {}));
  const source = new EventSource(address);
  const close = (): void => {
    source.close();
    if (connection.get() === 'lost') connection.set('idle');
  };
  source.addEventListener('open', () => connection.set('open'));
  source.addEventListener('next', ({ data }: MessageEvent<string>) => sink.next(JSON.parse(data)));
  source.addEventListener('complete', () => {
    close();
    sink.complete();
  });
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CONNECTING) return connection.set('lost');
    close();
    sink.error(new Error('The gateway ended the stream.'));
  });
  return close;
}
