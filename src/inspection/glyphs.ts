import { boundsOf, corners, IDENTITY, multiply } from './geometry.ts';
import type { Matrix, Rect } from './geometry.ts';

/** A glyph on a page, in user space. Numbers alone, because a page has thousands. */
export interface Glyph {
  /** The characters that the glyph shows; several for a ligature. */
  readonly text: string;
  /** Where the glyph begins on its baseline. */
  readonly x: number;
  readonly y: number;
  /** From there to where the next glyph begins, without additional spacing. */
  readonly advanceX: number;
  readonly advanceY: number;
  /** From the baseline to the upper edge of the text, and to its lower edge. */
  readonly ascentX: number;
  readonly ascentY: number;
  readonly descentX: number;
  readonly descentY: number;
}

/** What `TextState` needs to know of a font, in units of the font size. */
export interface FontFacts {
  readonly isVertical: boolean;
  /** The size of a glyph unit; 0.001 except for Type 3 fonts. */
  readonly unit: number;
  readonly ascent: number;
  readonly descent: number;
}

/** A glyph of the operator list of pdf.js, with lengths in glyph units. */
export interface ShownGlyph {
  readonly unicode: string;
  readonly width: number;
  readonly vmetric?: readonly number[] | undefined;
  readonly isSpace: boolean;
}

interface State {
  matrix: Matrix;
  font: FontFacts | undefined;
  fontSize: number;
  charSpacing: number;
  wordSpacing: number;
  scale: number;
  leading: number;
  rise: number;
}

const initial: State = {
  matrix: IDENTITY,
  font: undefined,
  fontSize: 0,
  charSpacing: 0,
  wordSpacing: 0,
  scale: 1,
  leading: 0,
  rise: 0,
};

/**
 * The text state of a content stream (ISO 32000-1, 9.3 and 9.4). It collects the glyphs that are shown, with their places in
 * user space.
 */
export class TextState {
  readonly glyphs: Glyph[] = [];
  #state: State = { ...initial };
  readonly #saved: State[] = [];
  #text: Matrix = IDENTITY;
  #line: Matrix = IDENTITY;

  save(): void {
    this.#saved.push({ ...this.#state });
  }

  restore(): void {
    this.#state = this.#saved.pop() ?? this.#state;
  }

  /** Restores the state of the page, for what is drawn independently of its content. */
  reset(): void {
    this.#state = { ...initial };
    this.#saved.length = 0;
  }

  set(change: Partial<Omit<State, 'matrix'>>): void {
    Object.assign(this.#state, change);
  }

  transform(matrix: Matrix): void {
    this.#state.matrix = multiply(matrix, this.#state.matrix);
  }

  setTextMatrix(matrix: Matrix): void {
    this.#text = this.#line = matrix;
  }

  moveLine(x: number, y: number): void {
    this.setTextMatrix(multiply([1, 0, 0, 1, x, y], this.#line));
  }

  nextLine(): void {
    this.moveLine(0, -this.#state.leading);
  }

  /** Shows glyphs. A number moves the next glyph, in thousandths of the font size. */
  show(items: Iterable<ShownGlyph | number>, isVisible: boolean): void {
    const { font, fontSize, scale } = this.#state;
    if (font === undefined) return;
    for (const item of items) {
      if (typeof item === 'number') {
        const shift = (-item / 1000) * fontSize;
        this.#move(font.isVertical ? 0 : shift * scale, font.isVertical ? shift : 0);
      } else this.#showGlyph(item, font, isVisible);
    }
  }

  #showGlyph(glyph: ShownGlyph, font: FontFacts, isVisible: boolean): void {
    const { fontSize, charSpacing, wordSpacing, scale } = this.#state;
    const size = font.unit * fontSize;
    const spacing = charSpacing + (glyph.isSpace ? wordSpacing : 0);
    if (font.isVertical) {
      const [height = -1000, originX = glyph.width / 2, originY = 880] = glyph.vmetric ?? [];
      if (isVisible) {
        const [right, left] = [(glyph.width - originX) * size * scale, -originX * size * scale];
        this.#add(glyph.unicode, (880 - originY) * size, [0, height * size, right, 0, left, 0]);
      }
      // In vertical text, a negative spacing moves glyphs apart.
      this.#move(0, height * size + spacing);
      return;
    }
    const width = glyph.width * size * scale;
    if (isVisible)
      this.#add(glyph.unicode, 0, [width, 0, 0, font.ascent * fontSize, 0, font.descent * fontSize]);
    this.#move(width + spacing * scale, 0);
  }

  /** Adds a glyph that begins `above` the current point, with its advance, ascent and descent in text space. */
  #add(text: string, above: number, [advanceX, advanceY, upX, upY, downX, downY]: Matrix): void {
    const { matrix, rise } = this.#state;
    const [a, b, c, d, e, f] = multiply(this.#text, matrix);
    const glyph = {
      text,
      x: c * (rise + above) + e,
      y: d * (rise + above) + f,
      advanceX: a * advanceX + c * advanceY,
      advanceY: b * advanceX + d * advanceY,
      ascentX: a * upX + c * upY,
      ascentY: b * upX + d * upY,
      descentX: a * downX + c * downY,
      descentY: b * downX + d * downY,
    };
    const sum = glyph.x + glyph.y + glyph.advanceX + glyph.advanceY + glyph.ascentX + glyph.ascentY;
    if (Number.isFinite(sum + glyph.descentX + glyph.descentY)) this.glyphs.push(glyph);
  }

  #move(x: number, y: number): void {
    const [a, b, c, d, e, f] = this.#text;
    this.#text = [a, b, c, d, a * x + c * y + e, b * x + d * y + f];
  }
}

/** The rectangle of a part of a glyph, from `from` to `to` (0 to 1) of its advance. */
export function boxOf(glyph: Glyph, from: number, to: number): Rect {
  const points = [from, to].flatMap((part) => {
    const [x, y] = [glyph.x + part * glyph.advanceX, glyph.y + part * glyph.advanceY];
    return [
      { x: x + glyph.ascentX, y: y + glyph.ascentY },
      { x: x + glyph.descentX, y: y + glyph.descentY },
    ];
  });
  return boundsOf(points);
}

export const unionOf = (boxes: readonly Rect[]): Rect => boundsOf(boxes.flatMap(corners));
