import { boundsOf, corners, IDENTITY, multiply } from './geometry.ts';
import type { Matrix, Point, Rect } from './geometry.ts';

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
  /** How far glyphs have moved the current point since the text matrix was set, in text space. */
  #penX = 0;
  #penY = 0;

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
    this.#text = matrix;
    this.#penX = this.#penY = 0;
  }

  moveLine(x: number, y: number): void {
    this.setTextMatrix(multiply([1, 0, 0, 1, x, y], this.#text));
  }

  nextLine(): void {
    this.moveLine(0, -this.#state.leading);
  }

  /** Shows glyphs. A number moves the next glyph, in thousandths of the font size. */
  show(items: readonly unknown[], isVisible: boolean): void {
    const { font, fontSize, scale, matrix } = this.#state;
    if (font === undefined) return;
    const toPage = multiply(this.#text, matrix);
    for (const item of items) {
      if (typeof item === 'number') {
        const shift = (-item / 1000) * fontSize;
        if (font.isVertical) this.#penY += shift;
        else this.#penX += shift * scale;
      } else if (isShown(item)) {
        if (font.isVertical) this.#showVertical(item, font, isVisible ? toPage : undefined);
        else this.#showHorizontal(item, font, isVisible ? toPage : undefined);
      }
    }
  }

  #showHorizontal(glyph: ShownGlyph, font: FontFacts, toPage: Matrix | undefined): void {
    const { fontSize, charSpacing, wordSpacing, scale } = this.#state;
    const width = glyph.width * font.unit * fontSize * scale;
    if (toPage) {
      const { x, y } = this.#pointAbove(0, toPage);
      const [a, b, c, d] = toPage;
      const [up, down] = [font.ascent * fontSize, font.descent * fontSize];
      this.#add({
        text: glyph.unicode,
        x,
        y,
        advanceX: a * width,
        advanceY: b * width,
        ascentX: c * up,
        ascentY: d * up,
        descentX: c * down,
        descentY: d * down,
      });
    }
    this.#penX += width + (charSpacing + (glyph.isSpace ? wordSpacing : 0)) * scale;
  }

  #showVertical(glyph: ShownGlyph, font: FontFacts, toPage: Matrix | undefined): void {
    const { fontSize, charSpacing, wordSpacing, scale } = this.#state;
    const size = font.unit * fontSize;
    const [height = -1000, originX = glyph.width / 2, originY = 880] = glyph.vmetric ?? [];
    if (toPage) {
      const { x, y } = this.#pointAbove((880 - originY) * size, toPage);
      const [a, b, c, d] = toPage;
      const [right, left] = [(glyph.width - originX) * size * scale, -originX * size * scale];
      this.#add({
        text: glyph.unicode,
        x,
        y,
        advanceX: c * height * size,
        advanceY: d * height * size,
        ascentX: a * right,
        ascentY: b * right,
        descentX: a * left,
        descentY: b * left,
      });
    }
    // In vertical text, a negative spacing moves glyphs apart.
    this.#penY += height * size + charSpacing + (glyph.isSpace ? wordSpacing : 0);
  }

  /** The current point in user space, or one above it in text space. */
  #pointAbove(above: number, [a, b, c, d, e, f]: Matrix): Point {
    const [x, y] = [this.#penX, this.#penY + this.#state.rise + above];
    return { x: a * x + c * y + e, y: b * x + d * y + f };
  }

  #add(glyph: Glyph): void {
    const sum = glyph.x + glyph.y + glyph.advanceX + glyph.advanceY + glyph.ascentX + glyph.ascentY;
    if (Number.isFinite(sum + glyph.descentX + glyph.descentY)) this.glyphs.push(glyph);
  }
}

function isShown(item: unknown): item is ShownGlyph {
  if (typeof item !== 'object' || item === null) return false;
  return (
    'unicode' in item && typeof item.unicode === 'string' && 'width' in item && typeof item.width === 'number'
  );
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
