import type { GatewayEvents } from '../observability/events.ts';
import { UpstreamError } from '../upstream/failure/upstream-error.ts';
import { UploadError } from './upload-errors.ts';

/**
 * Does something with the bytes of a file, and tells `uploadStarted`, `uploadBytes` as they pass, and `uploadEnded`.
 * @throws what `work` throws.
 */
export async function observedUpload<T>(
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
 * The kind of the UploadError that is at the bottom of it; `upstream` when the service or its storage failed; `aborted`
 * when the caller left; `refused` when there was nothing to be done with the file.
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
