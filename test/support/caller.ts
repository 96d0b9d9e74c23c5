import { readAnswer } from './read-answer.ts';
import type { Json } from './start-gateway.ts';

/** A complete response. */
export interface Reply {
  readonly status: number;
  readonly body: Json;
  readonly headers: Readonly<Record<string, string>>;
}

/** A client that sends these headers with each operation. */
export interface Caller {
  ask(query: string, variables?: object): Promise<Reply>;
  /** With a file for `$input.file`, or for another path. */
  upload(query: string, variables: object, file: Uint8Array<ArrayBuffer>, place?: string): Promise<Reply>;
}

export function callerAt(url: string, headers: Readonly<Record<string, string>> = {}): Caller {
  const send = async (init: RequestInit): Promise<Reply> => {
    const response = await fetch(url, { method: 'POST', ...init });
    return {
      status: response.status,
      body: (await readAnswer(response)) as Json,
      headers: Object.fromEntries(response.headers),
    };
  };
  return {
    ask: (query, variables = {}) =>
      send({
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      }),
    upload(query, variables, file, place = 'variables.input.file') {
      const form = new FormData();
      form.set('operations', JSON.stringify({ query, variables }));
      form.set('map', JSON.stringify({ 0: [place] }));
      form.set('0', new Blob([file], { type: 'application/pdf' }), 'a.pdf');
      return send({ headers, body: form });
    },
  };
}

export const withToken = (token: string): { authorization: string } => ({
  authorization: `Bearer ${token}`,
});
