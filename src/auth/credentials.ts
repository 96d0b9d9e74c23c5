import { AuthenticationError } from './auth-errors.ts';
import type { RequestHeaders } from './headers.ts';

/** RFC 6750, section 2.1, with any number of spaces. */
const BEARER = /^bearer +([\w.~+/=-]+) *$/i;

/**
 * The token of `Authorization: Bearer …`. Another scheme counts as a missing token (RFC 6750, section 3.1). The length has
 * no limit of its own, because the server limits headers.
 * @throws {AuthenticationError} also for two tokens, which Node joins with a comma
 */
export function bearerToken(headers: RequestHeaders): string {
  const header = headers.get('authorization');
  if (header === null) throw new AuthenticationError('missing', 'no Authorization header');
  if (!/^bearer(\s|$)/i.test(header))
    throw new AuthenticationError('missing', 'the scheme of Authorization is not Bearer');
  const token = BEARER.exec(header)?.[1];
  if (token === undefined)
    throw new AuthenticationError('invalid', 'Authorization does not have the form Bearer <token>');
  return token;
}

/**
 * The key of `x-api-key`, or else of `Authorization: Bearer …`.
 * @throws {AuthenticationError}
 */
export function apiKey(headers: RequestHeaders): string {
  const key = headers.get('x-api-key');
  if (key === null) return bearerToken(headers);
  if (key === '') throw new AuthenticationError('invalid', 'x-api-key is empty');
  return key;
}
