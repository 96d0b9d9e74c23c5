import { expect } from 'vitest';

/** What `response.json()` gives, of an answer to an operation. */
interface Body {
  readonly errors?: readonly { readonly extensions?: Record<string, unknown> }[];
}

/**
 * The body of an answer, without the id of its request in the errors: it is another each time. That it is there, in each
 * of them and the same as in the header, is seen to here.
 */
export async function readAnswer(response: Response): Promise<unknown> {
  return withoutRequestIds(JSON.parse(firstEventOf(await response.text())), response);
}

/** The same for a body that has been read, or a part of it. */
export function withoutRequestIds(body: Body, { headers }: Response): Body {
  const id = headers.get('x-request-id');
  for (const { extensions = {} } of body.errors ?? []) {
    expect(extensions['requestId']).toBe(id ?? 'in a header');
    delete extensions['requestId'];
  }
  return body;
}

/** What a stream of events begins with; anything else as it is. */
function firstEventOf(text: string): string {
  return /^event: next\ndata: (.*)$/m.exec(text)?.[1] ?? text;
}
