import { createRequire } from 'node:module';
import leven from 'leven';
import { boxOf, unionOf } from './glyphs.ts';
import { boundsOf, corners, transform, viewOf } from './geometry.ts';
import type { Rect } from './geometry.ts';
import { normalized, RIGHT_TO_LEFT } from './lines.ts';
import type { Line } from './lines.ts';

const SOFT_HYPHEN = '\u00AD';
/** A CommonJS module, whose types describe its other build. */
const bidi = (createRequire(import.meta.url)('bidi-js') as typeof import('bidi-js').default)();

/** A character that is looked for. */
interface Wanted {
  readonly text: string;
  readonly isAfterSpace: boolean;
}

/** A text to look for, in the orders in which its characters can be on a line. */
export type Pattern = readonly (readonly Wanted[])[];

/** Any white space in `text` stands for any gap between two words. */
export function patternOf(text: string): Pattern {
  const plain = normalized(text).replaceAll(SOFT_HYPHEN, '').trim();
  return [...ordersOf(plain)].map((ordered) => {
    let isAfterSpace = false;
    return [...ordered].flatMap((character) => {
      if (/\p{White_Space}/u.test(character)) {
        isAfterSpace = true;
        return [];
      }
      const wanted = { text: character, isAfterSpace };
      isAfterSpace = false;
      return [wanted];
    });
  });
}

/** The orders, from the left to the right, in which a line of either direction shows the text. */
function ordersOf(text: string): Set<string> {
  if (!RIGHT_TO_LEFT.test(text)) return new Set([text]);
  return new Set(
    (['ltr', 'rtl'] as const).map((direction) =>
      bidi.getReorderedString(text, bidi.getEmbeddingLevels(text, direction)),
    ),
  );
}

/** The boxes of all places of a line that show the text. */
export function findIn(line: Line, pattern: Pattern): Rect[] {
  const found = new Map<number, Rect>();
  for (const wanted of pattern) {
    const first = wanted[0]?.text;
    for (const [start, { text }] of line.entries()) {
      if (text !== first) continue;
      const end = endOfMatch(line, start, wanted);
      if (end === undefined) continue;
      // A palindrome is found in both orders, at the same start.
      found.set(start, unionOf(line.slice(start, end).map(({ glyph, from, to }) => boxOf(glyph, from, to))));
    }
  }
  return [...found.values()];
}

/** Where the text that begins at `start` ends. Undefined if another text begins there. */
function endOfMatch(line: Line, start: number, wanted: readonly Wanted[]): number | undefined {
  let at = start;
  for (const [index, { text, isAfterSpace }] of wanted.entries()) {
    // A soft hyphen is drawn as a hyphen, or not at all.
    while (index > 0 && line[at]?.text === SOFT_HYPHEN && text !== '-') at += 1;
    const character = line[at];
    if (character === undefined) return undefined;
    const isSame = character.text === text || (text === '-' && character.text === SOFT_HYPHEN);
    const isSpaced = isAfterSpace ? character.before !== 'nothing' : character.before !== 'space';
    if (!isSame || (index > 0 && !isSpaced)) return undefined;
    at += 1;
  }
  return at;
}

/** Candidates for `nearest`, at most: a file of the largest size has more words than a person would look through. */
const MAX_CANDIDATES = 200_000;

/** The words of the lines that are most similar to `text`. Undefined if none is similar. */
export function nearestTo(text: string, lines: readonly string[]): string | undefined {
  const wanted = normalized(text).trim().replace(/\s+/g, ' ');
  const words = wanted.split(' ').length;
  let [nearest, distance] = [
    undefined as string | undefined,
    Math.max(2, Math.ceil(wanted.length * 0.4)) + 1,
  ];
  let candidates = 0;
  for (const line of lines) {
    for (const candidate of groupsOf(line, words)) {
      if ((candidates += 1) > MAX_CANDIDATES) return nearest;
      if (Math.abs(candidate.length - wanted.length) >= distance) continue;
      const found = leven(candidate.toLowerCase(), wanted.toLowerCase(), { maxDistance: distance });
      if (found < distance) [nearest, distance] = [candidate, found];
    }
  }
  return nearest;
}

/** A line as text, with one space between words. */
export function textOf(line: Line): string {
  return line
    .map(({ text, before }) => (before === 'nothing' ? text : ` ${text}`))
    .join('')
    .trim();
}

function groupsOf(text: string, size: number): string[] {
  const words = text.split(' ');
  return words.map((_, start) => words.slice(start, start + size).join(' '));
}

/** Sorts boxes of a page as the reader sees them: from the top to the bottom, and those side by side from the left. */
export function inReadingOrder(boxes: readonly Rect[], rotation: number): Rect[] {
  const view = viewOf(rotation);
  const seen = boxes
    .map((box) => ({ box, at: boundsOf(corners(box).map((corner) => transform(view, corner))) }))
    // In the view y grows downwards, so `bottom` is the upper edge.
    .toSorted((one, other) => one.at.bottom - other.at.bottom);
  const rows: (typeof seen)[] = [];
  for (const each of seen) {
    const row = rows.at(-1);
    const isBeside = row?.[0] !== undefined && each.at.bottom < (row[0].at.bottom + row[0].at.top) / 2;
    if (isBeside) row?.push(each);
    else rows.push([each]);
  }
  return rows
    .flatMap((row) => row.toSorted((one, other) => one.at.left - other.at.left))
    .map(({ box }) => box);
}
