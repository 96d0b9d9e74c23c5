import { GatewayUnreachableError } from './errors.ts';

/** How much of a request has been sent, in bytes. */
export interface Progress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

interface Call {
  readonly body: string | Blob;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Sends a body. In browsers with progress by XMLHttpRequest, because `fetch` does not report what has been sent. */
export async function post(url: string, call: Call): Promise<Reply> {
  const { body, signal, onProgress } = call;
  signal?.throwIfAborted();
  const type = typeof body === 'string' ? 'application/json' : body.type;
  const headers = { 'content-type': type, ...call.headers };
  if (onProgress !== undefined && typeof XMLHttpRequest !== 'undefined')
    return postWithProgress(url, { ...call, headers, onProgress });
  try {
    const sent = onProgress === undefined ? { body } : countedBody(body, onProgress);
    const response = await fetch(url, { method: 'POST', headers, signal: signal ?? null, ...sent });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    signal?.throwIfAborted();
    throw new GatewayUnreachableError('The gateway did not answer.', { cause: error });
  }
}

/** A body that is counted when it is read, which Node does only as fast as it can send. */
function countedBody(body: string | Blob, onProgress: (progress: Progress) => void): RequestInit {
  const blob = new Blob([body]);
  let sentBytes = 0;
  const counter = new TransformStream<BufferSource & Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      sentBytes += chunk.byteLength;
      onProgress({ sentBytes, totalBytes: blob.size });
    },
  });
  const init: RequestInit & { readonly duplex: 'half' } = {
    body: blob.stream().pipeThrough(counter),
    duplex: 'half',
  };
  return init;
}

function postWithProgress(
  url: string,
  { body, headers, signal, onProgress }: Call & { onProgress: (progress: Progress) => void },
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    const abort = (): void => request.abort();
    signal?.addEventListener('abort', abort);
    request.upload.onprogress = ({ loaded, total }) => onProgress({ sentBytes: loaded, totalBytes: total });
    request.onload = () => resolve({ status: request.status, text: request.responseText });
    request.onerror = () => reject(new GatewayUnreachableError('The gateway did not answer.'));
    request.onabort = () => reject(signal?.reason);
    request.onloadend = () => signal?.removeEventListener('abort', abort);
    request.send(body);
  });
}
