import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';

/**
 * Refuses bodies above `maxBytes` with 413. Multipart requests have a parser, and limits, of their own.
 *
 * Yoga's `maxRequestBodySize` does the same by piping each body through a stream, which takes as long as the rest of a
 * small query. Here the announced length is believed, because Node's HTTP parser holds the client to it; only a body that
 * announces none is counted.
 */
export function useBodyLimit(maxBytes: number): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser, fetchAPI }) {
      const { body, headers, method, url, signal } = request;
      if (body === null || requestParser === undefined) return;
      const announced = headers.get('content-length');
      if (announced !== null) {
        if (!(Number(announced) <= maxBytes)) throw tooLarge(maxBytes);
        return;
      }
      setRequestParser(async () => {
        const bytes = await readAtMost(body, maxBytes);
        return requestParser(new fetchAPI.Request(url, { method, headers, signal, body: bytes }));
      });
    },
  };
}

/** Leaves what comes after the limit unread: to cancel the stream would close the connection before the answer. */
async function readAtMost(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  const reader = body.getReader();
  for (let bytes = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    bytes += value.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(value);
  }
}

function tooLarge(maxBytes: number): Error {
  return createGraphQLError(
    `The body is larger than ${maxBytes.toLocaleString('en')} bytes. Send files as multipart/form-data.`,
    { extensions: { code: 'REQUEST_ENTITY_TOO_LARGE', http: { status: 413 } } },
  );
}
