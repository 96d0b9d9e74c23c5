import { Load } from './load.ts';
import type { Template } from './load.ts';

/** A GraphQL request over HTTP, by each of these callers in turn. */
export function graphQL(body: string, tokens: readonly string[]): Template[] {
  return tokens.map((token) => ({
    method: 'POST',
    path: '/graphql',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${token}`,
    },
    body,
  }));
}

/** Whether a server answers GraphQL requests. */
export async function isReady(port: number, tokens: readonly string[]): Promise<boolean> {
  const text = await new Load(port, graphQL('{"query":"{ __typename }"}', tokens)).once();
  return text.includes('Query');
}
