import { findFiscalCodes } from './find-fiscal-codes.ts';

/** A whole address with a signature in it, as the storage's are (SAS). */
const SIGNED_ADDRESS = /https?:\/\/[^\s"'<>\\]{0,2000}?[?&]sig=[^\s"'<>\\]*/gi;
/** What is left of one that was cut, or percent-encoded. */
const SIGNATURE = /(?<![A-Z])sig(?:=|%3D)[^\s"'<>\\&]*/gi;
/** A token (JWS, JWE), whole or cut, by the header that all begin with: `{"`. */
const TOKEN = /eyJ[\w-]{6,2000}\.[\w-]*(?:\.[\w-]*){0,3}/g;
const BEARER = /\bbearer\s+[\w.~+/=-]{8,}/gi;
/** User name and password in an address. */
const USER_INFO = /:\/\/[^\s"'<>\\/@]{0,200}@/g;

/**
 * The text without what no log, message or metric may hold, whatever it is about: fiscal codes in either case, signed
 * addresses, tokens, passwords in addresses. It finds them by their form; `createScrubber` knows some by their value too.
 */
export function scrub(text: string): string {
  return withoutFiscalCodes(text)
    .replace(SIGNED_ADDRESS, '[signed address]')
    .replace(SIGNATURE, '[signature]')
    .replace(BEARER, '[token]')
    .replace(TOKEN, '[token]')
    .replace(USER_INFO, '://[password]@');
}

function withoutFiscalCodes(text: string): string {
  let result = '';
  let copied = 0;
  for (const { start, end } of findFiscalCodes(text)) {
    result += `${text.slice(copied, start)}[fiscal code]`;
    copied = end;
  }
  return copied === 0 ? text : result + text.slice(copied);
}

/** Whether there is a fiscal code that stands by itself. Long words of any letters often have a part of that form. */
export function holdsFiscalCode(text: string): boolean {
  for (const { isWord } of findFiscalCodes(text)) if (isWord) return true;
  return false;
}
