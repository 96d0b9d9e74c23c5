import { expect } from 'vitest';

/** A parsed GraphQL response. */
interface Body {
  readonly errors?: readonly { readonly extensions?: Record<string, unknown> }[];
}

/**
 * The body of a response without the request ids in its errors, which are different each time. Checks that each error has the
 * request id of the header.
 */
export async function readAnswer(response: Response): Promise<unknown> {
  return withoutRequestIds(JSON.parse(firstEventOf(await response.text())), response);
}

/** The same for a parsed body, or a part of it. */
export function withoutRequestIds(body: Body, { headers }: Response): Body {
  const id = headers.get('x-request-id');
  for (const { extensions = {} } of body.errors ?? []) {
    expect(extensions['requestId']).toBe(id ?? 'in a header');
    delete extensions['requestId'];
  }
  return body;
}

/** The first event of an event stream; any other body unchanged. */
function firstEventOf(text: string): string {
  return /^event: next\ndata: (.*)$/m.exec(text)?.[1] ?? text;
}
