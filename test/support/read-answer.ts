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
  const body = (await response.json()) as Body;
  const id = response.headers.get('x-request-id');
  for (const { extensions = {} } of body.errors ?? []) {
    expect(extensions['requestId']).toBe(id ?? 'in a header');
    delete extensions['requestId'];
  }
  return body;
}
