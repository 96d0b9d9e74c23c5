/** Longer than tokens get that fit into the headers of common proxies, in characters. */
const MAX_LENGTH = 8_192;

/** RFC 6750, section 2.1, with any number of blanks. */
const BEARER = /^bearer +([\w.~+/=-]+) *$/i;

/** The token of `Authorization: Bearer …`. Undefined when there is none, or something else in its place. */
export function bearerToken(headers: Headers): string | undefined {
  const header = headers.get('authorization');
  if (header === null || header.length > MAX_LENGTH) return undefined;
  return BEARER.exec(header)?.[1];
}

/** Whether the caller tried to say who they are, in whatever form. */
export function hasCredential(headers: Headers): boolean {
  return headers.has('authorization') || headers.has('x-api-key');
}

/** The key of `x-api-key`, or of `Authorization: Bearer …`. */
export function apiKey(headers: Headers): string | undefined {
  const key = headers.get('x-api-key');
  if (key === null) return bearerToken(headers);
  return key !== '' && key.length <= MAX_LENGTH ? key : undefined;
}
