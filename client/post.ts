import { GatewayUnreachableError } from './errors.ts';

/** How much of a request has been sent, in bytes. */
export interface Progress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

interface Call {
  readonly body: string | FormData;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Sends a body. Without progress by `fetch`; with it by XMLHttpRequest, because `fetch` does not report what has been sent. */
export async function post(url: string, call: Call): Promise<Reply> {
  call.signal?.throwIfAborted();
  const headers =
    typeof call.body === 'string' ? { 'content-type': 'application/json', ...call.headers } : call.headers;
  const { onProgress } = call;
  if (onProgress !== undefined && typeof XMLHttpRequest !== 'undefined')
    return postWithProgress(url, { ...call, headers, onProgress });
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: call.body,
      headers,
      signal: call.signal ?? null,
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    call.signal?.throwIfAborted();
    throw new GatewayUnreachableError('The gateway did not answer.', { cause: error });
  }
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
