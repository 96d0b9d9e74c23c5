import type { IncomingHttpHeaders } from 'node:http';
import { scrub } from './scrub.ts';

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
