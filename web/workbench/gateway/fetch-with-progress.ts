interface Options {
  /** @param share of the body that was sent, from 0 to 1 */
  readonly onProgress: (share: number) => void;
  readonly headers: () => Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/** Like `fetch`, for uploads: `fetch` itself does not report how much of a body was sent. */
export function fetchWithProgress({ onProgress, headers, signal }: Options): typeof fetch {
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(new DOMException('Aborted', 'AbortError'));
      const request = new XMLHttpRequest();
      request.open(init.method ?? 'GET', String(input));
      new Headers({ ...Object.fromEntries(new Headers(init.headers)), ...headers() }).forEach((value, name) =>
        request.setRequestHeader(name, value),
      );
      request.upload.addEventListener('progress', ({ loaded, total }) =>
        onProgress(total === 0 ? 1 : loaded / total),
      );
      request.addEventListener('load', () => resolve(responseOf(request)));
      request.addEventListener('error', () => reject(new TypeError('Failed to fetch')));
      request.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')));
      for (const each of [init.signal, signal])
        each?.addEventListener('abort', () => request.abort(), { once: true });
      request.send(init.body instanceof FormData || typeof init.body === 'string' ? init.body : null);
    });
}

function responseOf({ status, responseText }: XMLHttpRequest): Response {
  return new Response(responseText, { status, headers: { 'content-type': 'application/json' } });
}
