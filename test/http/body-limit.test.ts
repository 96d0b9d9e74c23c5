import { expect, test } from 'vitest';
import { startGateway } from '../support/start-gateway.ts';

const MAX_BYTES = 1_000_000;

/** A JSON body of exactly `bytes` bytes. */
function bodyOf(bytes: number): string {
  const body = (padding: string): string => JSON.stringify({ query: `{ __typename } #${padding}` });
  return body('x'.repeat(bytes - body('').length));
}

async function post(url: string, body: string | ReadableStream) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    // Node's fetch requires it for a stream, and its types do not have it yet.
    ...(typeof body === 'string' ? {} : { duplex: 'half' }),
  });
  return { status: response.status, answer: await response.json() };
}

/** Sends a body without a length: `Transfer-Encoding: chunked`. */
function chunked(body: string): ReadableStream {
  let at = 0;
  return new ReadableStream({
    pull(stream) {
      if (at >= body.length) stream.close();
      else stream.enqueue(Buffer.from(body.slice(at, (at += 100_000))));
    },
  });
}

test.for([
  ['announced', (body: string) => body],
  ['chunked', chunked],
] as const)('a body of a megabyte is read, and one byte more is refused (%s)', async ([, send]) => {
  const { url } = await startGateway();
  expect(await post(url, send(bodyOf(MAX_BYTES)))).toMatchObject({
    status: 200,
    answer: { data: { __typename: 'Query' } },
  });
  expect(await post(url, send(bodyOf(MAX_BYTES + 1)))).toMatchObject({
    status: 413,
    answer: {
      errors: [
        {
          message: 'The body is larger than 1,000,000 bytes. Send files as multipart/form-data.',
          extensions: { code: 'REQUEST_ENTITY_TOO_LARGE' },
        },
      ],
    },
  });
});

test('a chunked body that is not JSON is refused as malformed', async () => {
  const { url } = await startGateway();
  expect(await post(url, chunked('{ half'))).toMatchObject({
    answer: {
      errors: [
        {
          message: 'The body is not valid JSON: see line 1, column 3.',
          extensions: { code: 'BAD_REQUEST' },
        },
      ],
    },
  });
});
