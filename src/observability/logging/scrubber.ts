import { scrub } from './scrub.ts';

/** Shorter ones (`sandbox`, `key`) are no secrets but words, which would vanish from every message. */
const LEAST_LENGTH = 8;

/** The text without secrets. */
export type Scrubber = (text: string) => string;

/** Adds to `scrub` secrets that are known by their value; see `withoutValues`. */
export function createScrubber(secrets: Iterable<string>): Scrubber {
  const known = withoutValues(secrets);
  return (text) => scrub(known(text));
}

/**
 * Takes out what is known by its value: as it is, in another case, and in every encoding that it could come back in from
 * a header, an address or a body.
 */
export function withoutValues(secrets: Iterable<string>): Scrubber {
  const long = [...secrets].filter((secret) => secret.length >= LEAST_LENGTH);
  // No form of a secret is shorter than it is, so most lines of the log are too short for a token.
  const shortest = Math.min(...long.map((secret) => secret.length));
  let clean: Scrubber | undefined;
  return (text) => (text.length < shortest ? text : (clean ??= withoutForms(long.flatMap(formsOf)))(text));
}

function withoutForms(forms: readonly string[]): Scrubber {
  const known = [...new Set(forms.map(inLowerCase))].toSorted((a, b) => b.length - a.length);
  // By their beginning, so that a text is gone through once however many there are: a gateway may have hundreds of keys.
  const byStart = Map.groupBy(known, (form) => form.slice(0, LEAST_LENGTH));
  // Of a caller's credentials there are few, and a table for each request.
  const marks = byStart.size > FEW ? MOST_MARKS : LEAST_MARKS;
  const markAt = (text: string, index: number): number => sumAt(text, index) & (marks - 1);
  const mayBegin = new Uint8Array(marks);
  for (const start of byStart.keys()) mayBegin[markAt(start, 0)] = 1;
  const formAt = (text: string, index: number): string | undefined => {
    if (mayBegin[markAt(text, index)] === 0) return undefined;
    return byStart.get(text.slice(index, index + LEAST_LENGTH))?.find((form) => text.startsWith(form, index));
  };

  return (text) => {
    const lower = inLowerCase(text);
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

/** A number for the eight characters that begin here, to tell most places by that are no beginning of a secret. */
const sumAt = (text: string, index: number): number =>
  text.charCodeAt(index) * 31 + text.charCodeAt(index + 2) * 1_009 + text.charCodeAt(index + 7) * 7_919;

/** `İ` is the one letter that becomes two. */
const inLowerCase = (text: string): string => text.replaceAll('İ', 'I').toLowerCase();

function formsOf(secret: string): string[] {
  const hex = Buffer.from(secret).toString('hex');
  // Each as it is, and as it stands in JSON, which lines of the log are.
  const forms = new Set([secret, encodeURIComponent(secret), hex, ...base64Of(secret)]);
  return [...forms].flatMap((form) => [form, JSON.stringify(form).slice(1, -1)]);
}

/** What of it is the same in base64 wherever it stands in a longer text: it may begin at three places in a group. */
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
