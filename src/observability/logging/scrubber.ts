import type { IncomingHttpHeaders } from 'node:http';

/** Shorter values (`sandbox`, `key`) are words, which would vanish from every message. */
const LEAST_LENGTH = 8;

/** Returns the text without secrets. */
export type Scrubber = (text: string) => string;

/** `scrub`, plus secrets that are known by their value; see `withoutValues`. */
export function createScrubber(secrets: Iterable<string>): Scrubber {
  const known = withoutValues(secrets);
  return (text) => scrub(known(text));
}

/**
 * Removes secrets that are known by their value: as they are, in another case, and in every encoding that a header, a URL
 * or a body may use.
 */
export function withoutValues(secrets: Iterable<string>): Scrubber {
  const long = [...secrets].filter((secret) => secret.length >= LEAST_LENGTH);
  // No form of a secret is shorter than the secret, so most lines of the log are too short for a token.
  const shortest = Math.min(...long.map((secret) => secret.length));
  let clean: Scrubber | undefined;
  return (text) => (text.length < shortest ? text : (clean ??= withoutForms(long.flatMap(formsOf)))(text));
}

function withoutForms(forms: readonly string[]): Scrubber {
  const known = [...new Set(forms.map(inLowerCase))].toSorted((a, b) => b.length - a.length);
  // Grouped by their first characters, so that a text is searched once for any number of keys.
  const byStart = Map.groupBy(known, (form) => form.slice(0, LEAST_LENGTH));
  // A caller has few credentials, and each request creates its own table.
  const marks = byStart.size > FEW ? MOST_MARKS : LEAST_MARKS;
  const markAt = (text: string, index: number): number => sumAt(text, index) & (marks - 1);
  const mayBegin = new Uint8Array(marks);
  for (const start of byStart.keys()) mayBegin[markAt(start, 0)] = 1;
  const formAt = (text: string, index: number): string | undefined => {
    if (mayBegin[markAt(text, index)] === 0) return undefined;
    return byStart.get(text.slice(index, index + LEAST_LENGTH))?.find((form) => text.startsWith(form, index));
  };

  const starts = [...byStart.keys()];
  const isPresent = (lower: string): boolean => starts.some((start) => lower.includes(start));

  return (text) => {
    const lower = inLowerCase(text);
    // The engine finds a few words several times faster than the loop, and most texts contain none.
    if (starts.length <= FEW && !isPresent(lower)) return text;
    let result = '';
    let copied = 0;
    for (let index = 0; index + LEAST_LENGTH <= lower.length;) {
      const form = formAt(lower, index);
      if (form === undefined) index += 1;
      else {
        result += `${text.slice(copied, index)}[secret]`;
        index += form.length;
        copied = index;
      }
    }
    return copied === 0 ? text : result + text.slice(copied);
  };
}

const FEW = 32;
/** Powers of two. */
const LEAST_MARKS = 2 ** 10;
const MOST_MARKS = 2 ** 16;

/** A hash of eight characters, which excludes most positions at which no secret begins. */
const sumAt = (text: string, index: number): number =>
  text.charCodeAt(index) * 31 + text.charCodeAt(index + 2) * 1_009 + text.charCodeAt(index + 7) * 7_919;

/** `İ` is the only letter whose lower case has two characters. */
const inLowerCase = (text: string): string => text.replaceAll('İ', 'I').toLowerCase();

function formsOf(secret: string): string[] {
  const hex = Buffer.from(secret).toString('hex');
  // Each as it is and as in JSON, the format of the log.
  const forms = new Set([secret, encodeURIComponent(secret), hex, ...base64Of(secret)]);
  return [...forms].flatMap((form) => [form, JSON.stringify(form).slice(1, -1)]);
}

/** The part of its base64 that does not depend on the surrounding text, for each of the three positions in a group. */
function base64Of(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const begins = Math.ceil((before * 8) / 6);
    const ends = Math.floor(((before + bytes.length) * 8) / 6);
    const own = text.slice(begins, ends);
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/**
 * Removes the credentials of a client from a text. The gateway stores only hashes of API keys, but whatever it writes during
 * a request can be compared with what the client sent.
 */
export function withoutCredentialsOf(headers: IncomingHttpHeaders): Scrubber {
  const { authorization, 'x-api-key': keys } = headers;
  if (authorization === undefined && keys === undefined) return (text) => text;
  let scrubber: Scrubber | undefined;
  return (text) =>
    (scrubber ??= withoutValues(credentialsIn([authorization ?? '', ...[keys ?? []].flat()])))(text);
}

/** Node joins duplicate headers with a comma. The scheme is too short to count. */
const credentialsIn = (headers: readonly string[]): string[] =>
  headers.flatMap((header) => header.split(/[\s,]+/));

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
  TAIL.lastIndex = 0;
  if (!TAIL.test(text)) return text; // as most texts, without a generator
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
/** Without a digit, and with letters of both cases. */
const MIXED_LETTERS = /^(?=.*[a-z])(?=.*[A-Z])[A-Za-z]+$/;
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
 * points to a person. A part of a word (`findRSSMRA80A01H501U`) counts only with the letter of a month, and without a digit only
 * in one case: names such as `RequestSignatureDocumentInput` contain the form of a code whose digits are all letters.
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
    const code = text.slice(start, end);
    const isPart =
      MONTH.test(code[MONTH_AT] ?? '') && !MIXED_LETTERS.test(code) && !ULID.test(before + code + after);
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
