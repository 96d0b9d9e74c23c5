/*
 * Searches a text for secrets in every encoding. Independent of the code that removes them, so that it finds what that code
 * misses.
 */

/** Secrets by the name that a leak is reported by. */
export type Secrets = Readonly<Record<string, string>>;

/** Which secrets are in the text, and in which form: `fiscal code in base64 (1)`. */
export function leaksIn(text: string, secrets: Secrets): string[] {
  const haystack = text.toLowerCase();
  return Object.entries(secrets).flatMap(([name, secret]) => {
    const seen = new Set<string>();
    return Object.entries(formsOf(secret)).flatMap(([form, needle]) => {
      if (seen.has(needle)) return []; // most secrets are the same in several forms
      seen.add(needle);
      // Base64 is case-sensitive.
      const isThere = form.includes('base64')
        ? text.includes(needle)
        : haystack.includes(needle.toLowerCase());
      return isThere ? [`${name} ${form}`] : [];
    });
  });
}

function formsOf(secret: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const each = (prefix: string, width: number): string =>
    [...bytes].map((byte) => prefix + byte.toString(16).padStart(width, '0')).join('');
  return {
    'as it is': secret,
    'in JSON': JSON.stringify(secret).slice(1, -1),
    'in JSON within JSON': JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    'encoded for a URL': encodeURIComponent(secret),
    'encoded twice for a URL': encodeURIComponent(encodeURIComponent(secret)),
    'encoded for a form': new URLSearchParams([['', secret]]).toString().slice(1),
    'with each character encoded for a URL': each('%', 2),
    'with each character escaped for JSON': each('\\u', 4),
    'in hex': hex,
    'in hex with colons': hex.match(/../g)?.join(':') ?? hex,
    ...Object.fromEntries(
      [0, 1, 2].flatMap((before) => {
        const text = base64At(bytes, before);
        return [
          [`in base64 (${before})`, text],
          [`in base64url (${before})`, text.replaceAll('+', '-').replaceAll('/', '_')],
        ];
      }),
    ),
  };
}

/**
 * The base64 characters that depend on these bytes only, after the given number of other bytes. Found by trying two different
 * neighbours.
 */
function base64At(bytes: Buffer, before: number): string {
  const variants = [0x00, 0xff].map((neighbour) => {
    const padding = Buffer.alloc(before, neighbour);
    return Buffer.concat([padding, bytes, Buffer.alloc(2, neighbour)]).toString('base64');
  });
  const [first = '', second = ''] = variants;
  const own = [...first].map((character, index) => (character === second[index] ? character : ' '));
  return own.join('').trim().split(' ')[0] ?? '';
}
