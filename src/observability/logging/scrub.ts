/** A whole pre-signed URL, as the storage makes them (SAS). */
const SIGNED_ADDRESS = /https?:\/\/[^\s"'<>\\]{0,2000}?[?&]sig=[^\s"'<>\\]*/gi;
/** The rest of one that was cut or percent-encoded. */
const SIGNATURE = /(?<![A-Z])sig(?:=|%3D)[^\s"'<>\\&]*/gi;
/** A token (JWS, JWE), whole or cut, recognised by the start of its header: `{"`. */
const TOKEN = /eyJ[\w-]{6,2000}\.[\w-]*(?:\.[\w-]*){0,3}/g;
const BEARER = /\bbearer\s+[\w.~+/=-]{8,}/gi;
/** User name and password in a URL. */
const USER_INFO = /:\/\/[^\s"'<>\\/@]{0,200}@/g;

/**
 * Removes from a text what no log, message or metric may contain: fiscal codes in either case, pre-signed URLs, tokens,
 * passwords in URLs. It recognises them by their form; `createScrubber` also knows some by their value.
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

/** Whether the text contains a fiscal code as a separate word. Parts of long words often have that form. */
export function holdsFiscalCode(text: string): boolean {
  for (const { isWord } of findFiscalCodes(text)) if (isWord) return true;
  return false;
}

/**
 * The last seven of the 16 characters of a fiscal code, and before them the rest: six letters, two digits, a letter, two
 * digits; a letter, three digits, a letter. Each digit may be a letter instead (omocodia). The pattern begins with the end,
 * because few words look like that and every word has six letters.
 */
const TAIL = /[\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z](?<=[A-Z]{6}[\dLMNP-V]{2}[A-Z][\dLMNP-V]{2}.{5})/gi;
const TAIL_LENGTH = 7;
const LENGTH = 16;
const MONTH_AT = 8;

const MONTH = /[ABCDEHLMPRST]/i;
const WORD_BEFORE = /[A-Z\d]*$/i;
const WORD_AFTER = /^[A-Z\d]*/i;
/** The ULIDs of this decade: ids of the service and of requests. One in 300 contains the form of a fiscal code. */
const ULID = /^01[\dA-HJKMNP-TV-Z]{24}$/i;
const ULID_LENGTH = 26;

interface FiscalCodeFound {
  readonly start: number;
  readonly end: number;
  /** Whether it is a separate word, not a part of a longer one. */
  readonly isWord: boolean;
}

/**
 * Finds fiscal codes in either case. A separate word counts with any letter for the month, because a mistyped code still
 * points to a person; a part of a word (`findRSSMRA80A01H501U`) counts only with the letter of a month.
 */
function* findFiscalCodes(text: string): Generator<FiscalCodeFound> {
  let from = 0;
  for (;;) {
    TAIL.lastIndex = from;
    const tail = TAIL.exec(text);
    if (tail === null) return;
    const end = tail.index + TAIL_LENGTH;
    const start = end - LENGTH;
    const before = WORD_BEFORE.exec(text.slice(Math.max(0, start - ULID_LENGTH), start))?.[0] ?? '';
    const after = WORD_AFTER.exec(text.slice(end, end + ULID_LENGTH))?.[0] ?? '';
    const isWord = before === '' && after === '';
    const isPart =
      MONTH.test(text[start + MONTH_AT] ?? '') && !ULID.test(before + text.slice(start, end) + after);
    if (isWord || isPart) yield { start, end, isWord };
    from = isWord || isPart ? end : tail.index + 1;
  }
}

/** Control characters (C0, DEL, C1), line separators, and marks that change the text direction. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * Replaces the characters that a terminal would interpret, or a log reader would treat as a line end, by JSON escapes. JSON
 * itself escapes only some of them.
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
