import { AuthenticationError } from './errors.ts';

/** Longer than tokens get that fit into the headers of common proxies, in characters. */
const MAX_LENGTH = 8_192;

/** RFC 6750, section 2.1, with any number of blanks. */
const BEARER = /^bearer +([\w.~+/=-]+) *$/i;

/**
 * The token of `Authorization: Bearer …`. Another scheme is no attempt to use this one: RFC 6750, section 3.1.
 * @throws {AuthenticationError} also for two tokens in one request, which Node's server joins by a comma.
 */
export function bearerToken(headers: Headers): string {
  const header = headers.get('authorization');
  if (header === null || !/^bearer(\s|$)/i.test(header)) throw new AuthenticationError('missing');
  const token = header.length > MAX_LENGTH ? undefined : BEARER.exec(header)?.[1];
  if (token === undefined) throw new AuthenticationError('invalid');
  return token;
}

/**
 * The key of `x-api-key`, or else of `Authorization: Bearer …`.
 * @throws {AuthenticationError}
 */
export function apiKey(headers: Headers): string {
  const key = headers.get('x-api-key');
  if (key === null) return bearerToken(headers);
  if (key === '' || key.length > MAX_LENGTH) throw new AuthenticationError('invalid');
  return key;
}
