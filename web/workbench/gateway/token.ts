import { createSubject } from '../subject.ts';

/** GraphiQL uses the same item, so that one token serves both pages. The browser deletes it with its tab. */
const STORED = 'sigillo:token';

/** The bearer token or API key that goes with every request; empty without one. */
export const token = createSubject(sessionStorage.getItem(STORED) ?? '');

/** Whether the gateway has refused a request for its token, or because it had none. */
export const isRefused = createSubject(false);

export function setToken(value: string): void {
  if (value === '') sessionStorage.removeItem(STORED);
  else sessionStorage.setItem(STORED, value);
  isRefused.set(false);
  token.set(value);
}

export const authorization = (): Record<string, string> =>
  token.get() === '' ? {} : { authorization: `Bearer ${token.get()}` };

const UNAUTHENTICATED = 401;

/** `fetch` with the token. */
export async function fetchAsCaller(address: string, init: RequestInit = {}): Promise<Response> {
  const sent = token.get();
  const headers = { ...(init.headers as Record<string, string> | undefined), ...authorization() };
  const response = await fetch(address, { ...init, headers });
  // A late answer says nothing about another token that was entered meanwhile.
  if (response.status === UNAUTHENTICATED && sent === token.get()) isRefused.set(true);
  return response;
}
