import { request } from 'node:http';
import type { Sandbox } from '../../mocks/sandbox/http/server.ts';

export interface ControlReply {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON, or the text. Undefined without a body. */
  readonly body: unknown;
}

/** An HTTP client of the control API. */
export async function control(
  { origin }: Sandbox,
  method: string,
  path: string,
  body?: unknown,
): Promise<ControlReply> {
  const response = await fetch(`${origin}/_sandbox${path}`, {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const { status, headers } = response;
  const text = await response.text();
  const isJson = /json/.test(headers.get('content-type') ?? '');
  return { status, headers, body: text === '' ? undefined : isJson ? JSON.parse(text) : text };
}

/** The status of a GET with headers that `fetch` does not allow, such as Host and Origin. */
export function statusWithHeaders(
  { port }: Sandbox,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode, headers: response.headers });
    })
      .once('error', reject)
      .end();
  });
}
