import type { GatewayEvents } from '../observability/events.ts';
import { UpstreamError } from '../upstream/failure/upstream-error.ts';
import { UploadError } from './upload-errors.ts';

/**
 * Passes the bytes of a file to `work`, and emits `uploadStarted`, `uploadBytes` and `uploadEnded`.
 * @throws the error of `work`
 */
export async function withUploadEvents<T>(
  events: GatewayEvents,
  file: AsyncGenerator<Buffer, void, void>,
  work: (file: AsyncGenerator<Buffer, void, void>) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const ended = (outcome: string): boolean =>
    events.emit('uploadEnded', { outcome, durationMs: performance.now() - startedAt });
  events.emit('uploadStarted');
  try {
    const result = await work(counted(events, file));
    ended('ok');
    return result;
  } catch (failure) {
    ended(outcomeOf(failure));
    throw failure;
  }
}

async function* counted(
  events: GatewayEvents,
  file: AsyncGenerator<Buffer, void, void>,
): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of file) {
    events.emit('uploadBytes', chunk.length);
    yield chunk;
  }
}

/**
 * The kind of the UploadError among the causes, if there is one; `upstream` if the service or its storage failed; `aborted`
 * if the caller left; otherwise `refused`.
 */
function outcomeOf(failure: unknown): string {
  let outcome = 'refused';
  for (let cause: unknown = failure; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof UploadError) return cause.kind;
    if (cause instanceof UpstreamError) outcome = cause.kind === 'aborted' ? 'aborted' : 'upstream';
    else if (cause.name === 'AbortError' && outcome === 'refused') outcome = 'aborted';
  }
  return outcome;
}
