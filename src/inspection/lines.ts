import type { Glyph } from './glyphs.ts';

/** A character of a line: a glyph, or its part from `from` to `to` (0 to 1). */
export interface Character {
  readonly text: string;
  readonly glyph: Glyph;
  readonly from: number;
  readonly to: number;
  /** What is between this character and the one before it. A narrow gap may be a space or not. */
  readonly before: 'nothing' | 'narrow gap' | 'space';
}

/** The characters of a line as the reader sees them, from the left to the right in the direction of the text. */
export type Line = readonly Character[];

/** Gaps in units of the font size. Kerning stays below the first; above the last, a new line begins, as in another column. */
const NARROW_GAP = 0.1;
const SPACE = 0.3;
const MAX_GAP = 2;

/** A glyph in the coordinates of its line. */
interface Placed {
  readonly glyph: Glyph;
  /** The distance along the line at which the glyph begins and ends. */
  readonly from: number;
  readonly to: number;
  /** The distance of the baseline from the origin, across the line. */
  readonly across: number;
  readonly size: number;
}

/** Joins glyphs to lines by their places, because a PDF may draw them in any order. */
export function linesOf(glyphs: readonly Glyph[]): Line[] {
  const byAngle = new Map<number, Placed[]>();
  for (const glyph of glyphs) {
    const length = Math.hypot(glyph.advanceX, glyph.advanceY);
    const [upX, upY] = [glyph.ascentX - glyph.descentX, glyph.ascentY - glyph.descentY];
    const size = Math.hypot(upX, upY);
    if (size === 0) continue;
    // A combining mark may have no width; then its direction is that of its height, turned by a right angle.
    const dx = length > 0 ? glyph.advanceX / length : upY / size;
    const dy = length > 0 ? glyph.advanceY / length : -upX / size;
    const angle = dx === 1 ? 0 : Math.round((Math.atan2(dy, dx) * 180) / Math.PI);
    const from = glyph.x * dx + glyph.y * dy;
    const placed = { glyph, from, to: from + length, across: glyph.y * dx - glyph.x * dy, size };
    const others = byAngle.get(angle);
    if (others === undefined) byAngle.set(angle, [placed]);
    else others.push(placed);
  }
  return [...byAngle.values()].flatMap((placed) => rowsOf(placed).flatMap(splitRow));
}

/** Groups glyphs whose baselines are within a fraction of their size. */
function rowsOf(placed: Placed[]): Placed[][] {
  placed.sort((one, other) => one.across - other.across);
  const rows: Placed[][] = [];
  let last = -Infinity;
  for (const each of placed) {
    if (each.across - last > 0.2 * each.size) rows.push([]);
    rows.at(-1)?.push(each);
    last = each.across;
  }
  for (const row of rows) row.sort((one, other) => one.from - other.from);
  return rows;
}

function splitRow(row: readonly Placed[]): Line[] {
  const lines: Character[][] = [];
  let end = -Infinity;
  let hasSpace = false;
  let previous: Placed | undefined;
  for (const each of withAccents(row)) {
    if (previous !== undefined && isDrawnTwice(previous, each)) continue;
    const gap = (each.from - end) / each.size;
    if (isWhite(each.glyph.text)) {
      // A space glyph belongs to the line if it touches it.
      if (gap < MAX_GAP) [hasSpace, end] = [true, Math.max(end, each.to)];
      continue;
    }
    if (!(gap < MAX_GAP)) {
      lines.push([]);
      hasSpace = false;
    }
    const before = hasSpace || gap >= SPACE ? 'space' : gap >= NARROW_GAP ? 'narrow gap' : 'nothing';
    lines.at(-1)?.push(...charactersOf(each.glyph, before));
    end = each.to;
    hasSpace = false;
    previous = each;
  }
  return lines;
}

const isWhite = (text: string): boolean => /^[\p{White_Space}]*$/u.test(text);

/** Bold text is often a text that is drawn twice. */
function isDrawnTwice(one: Placed, other: Placed): boolean {
  return one.glyph.text === other.glyph.text && Math.abs(one.from - other.from) < 0.1 * one.size;
}

function charactersOf(glyph: Glyph, before: Character['before']): Character[] {
  const { text } = glyph;
  if (text.length === 1 && text < '\u0080') return [{ text, glyph, from: 0, to: 1, before }];
  const characters = [...normalized(text)];
  // The glyphs of a line are in the order in which they are seen, so the letters of a ligature are as well.
  if (RIGHT_TO_LEFT.test(text)) characters.reverse();
  const { length } = characters;
  return characters.map((character, index) => ({
    text: character,
    glyph,
    from: index / length,
    to: (index + 1) / length,
    before: index === 0 ? before : 'nothing',
  }));
}

/** How texts are compared: compatible characters are the same, and characters of no width do not count. */
export const normalized = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/[\u2010\u2011]/g, '-')
    .replace(/[^\P{Default_Ignorable_Code_Point}\u00AD]/gu, '');

export const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** Accents that fonts also have as glyphs of their own, and the combining marks that they stand for. */
const ACCENTS: Readonly<Record<string, string>> = {
  '`': '\u0300',
  '´': '\u0301',
  '^': '\u0302',
  ˆ: '\u0302',
  '~': '\u0303',
  '˜': '\u0303',
  '¯': '\u0304',
  '˘': '\u0306',
  '˙': '\u0307',
  '¨': '\u0308',
  '˚': '\u030A',
  '˝': '\u030B',
  ˇ: '\u030C',
  '¸': '\u0327',
  '˛': '\u0328',
};
const DOTLESS: Readonly<Record<string, string>> = { ı: 'i', ȷ: 'j' };

const markOf = (text: string): string | undefined =>
  ACCENTS[text] ?? (/^\p{M}+$/u.test(text) ? text : undefined);

/** Adds accents that are drawn over, under or beside a letter to the text of the letter. */
function withAccents(row: readonly Placed[]): Placed[] {
  if (!row.some(({ glyph }) => markOf(glyph.text) !== undefined)) return [...row];
  const texts = new Map<Placed, string>();
  const letters = row.filter(({ glyph }) => markOf(glyph.text) === undefined && !isWhite(glyph.text));
  const attached = new Set<Placed>();
  for (const accent of row) {
    const mark = markOf(accent.glyph.text);
    const middle = (accent.from + accent.to) / 2;
    const letter = letters.find(
      ({ from, to, size }) => from - 0.1 * size <= middle && middle <= to + 0.1 * size,
    );
    if (mark === undefined || letter === undefined) continue;
    const text = texts.get(letter) ?? letter.glyph.text;
    texts.set(letter, (DOTLESS[text] ?? text) + mark);
    attached.add(accent);
  }
  return row
    .filter((each) => !attached.has(each))
    .map((each) => ({ ...each, glyph: { ...each.glyph, text: texts.get(each) ?? each.glyph.text } }));
}
