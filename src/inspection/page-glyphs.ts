import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { TextState } from './glyphs.ts';
import type { FontFacts, Glyph } from './glyphs.ts';
import { IDENTITY } from './geometry.ts';
import type { Matrix } from './geometry.ts';
import { OPS } from './load-pdfjs.ts';

/** Whether the reader sees a layer of the document. */
type IsLayerVisible = (layer: unknown) => boolean;

/** The layers of a document that are visible when it is opened. */
export async function visibleLayersOf(pdf: PDFDocumentProxy): Promise<IsLayerVisible> {
  const layers = await pdf.getOptionalContentConfig();
  return (layer) => layers.isVisible(layer) !== false;
}

/**
 * The glyphs of a page in the order in which they are drawn, those of form fields and annotations included, and without those
 * of hidden layers. The text content of pdf.js would be shorter, but joins glyphs to words of its own and gives no places within
 * a word.
 */
export async function glyphsOf(page: PDFPageProxy, isLayerVisible: IsLayerVisible): Promise<Glyph[]> {
  const { fnArray, argsArray } = await page.getOperatorList({ intent: 'display' });
  const reader = new OperatorReader(isLayerVisible, (name) => fontFactsOf(page.commonObjs.get(name)));
  for (const [index, operator] of fnArray.entries()) reader.read(operator, asList(argsArray[index]));
  return reader.glyphs;
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const asNumber = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** A matrix is an array, or a typed array from another thread. */
function asMatrix(value: unknown): Matrix | undefined {
  if (!Array.isArray(value) && !(value instanceof Float32Array) && !(value instanceof Float64Array))
    return undefined;
  const [a, b, c, d, e, f] = Array.from(value, asNumber);
  if (a === undefined || b === undefined || c === undefined) return undefined;
  if (d === undefined || e === undefined || f === undefined) return undefined;
  return [a, b, c, d, e, f];
}

/** Follows the operators that place text, and skips all others. */
class OperatorReader {
  readonly #text = new TextState();
  readonly #isLayerVisible: IsLayerVisible;
  readonly #fontOf: (name: string) => FontFacts;
  /** Of the marked contents that are open: whether each one is visible. */
  readonly #layers: boolean[] = [];
  /** Of the groups that are open: whether each one is a mask, whose text is not drawn. */
  readonly #masks: boolean[] = [];

  constructor(isLayerVisible: IsLayerVisible, fontOf: (name: string) => FontFacts) {
    this.#isLayerVisible = isLayerVisible;
    this.#fontOf = fontOf;
  }

  get glyphs(): Glyph[] {
    return this.#text.glyphs;
  }

  read(operator: number, args: readonly unknown[]): void {
    const [first, second, third, fourth] = args;
    const text = this.#text;
    switch (operator) {
      case OPS.save:
        return text.save();
      case OPS.restore:
        return text.restore();
      case OPS.transform:
        return this.#transform(args);
      case OPS.setGState:
        return this.#setGraphicsState(asList(first));
      case OPS.setFont:
        return this.#setFont(first, second);
      case OPS.setCharSpacing:
        return text.set({ charSpacing: asNumber(first) });
      case OPS.setWordSpacing:
        return text.set({ wordSpacing: asNumber(first) });
      case OPS.setHScale:
        return text.set({ scale: asNumber(first) / 100 });
      case OPS.setLeading:
        return text.set({ leading: asNumber(first) });
      case OPS.setTextRise:
        return text.set({ rise: asNumber(first) });
      case OPS.beginText:
        return text.setTextMatrix(IDENTITY);
      case OPS.setTextMatrix:
        return text.setTextMatrix(asMatrix(first) ?? asMatrix(args) ?? IDENTITY);
      case OPS.moveText:
        return text.moveLine(asNumber(first), asNumber(second));
      case OPS.setLeadingMoveText:
        text.set({ leading: -asNumber(second) });
        return text.moveLine(asNumber(first), asNumber(second));
      case OPS.nextLine:
        return text.nextLine();
      case OPS.showText:
        return text.show(asList(first), this.#isVisible);
      case OPS.paintFormXObjectBegin:
        text.save();
        return this.#transform(first);
      case OPS.paintFormXObjectEnd:
        return text.restore();
      case OPS.beginAnnotation:
        text.reset();
        this.#transform(third);
        return this.#transform(fourth);
      default:
        return this.#readVisibility(operator, args);
    }
  }

  #readVisibility(operator: number, [first, second]: readonly unknown[]): void {
    switch (operator) {
      case OPS.beginGroup:
        this.#text.save();
        return void this.#masks.push(isMask(first));
      case OPS.endGroup:
        this.#masks.pop();
        return this.#text.restore();
      case OPS.beginMarkedContent:
        return void this.#layers.push(true);
      case OPS.beginMarkedContentProps:
        return void this.#layers.push(first !== 'OC' || this.#isLayerVisible(second));
      case OPS.endMarkedContent:
        return void this.#layers.pop();
    }
  }

  get #isVisible(): boolean {
    return !this.#layers.includes(false) && !this.#masks.includes(true);
  }

  #transform(matrix: unknown): void {
    this.#text.transform(asMatrix(matrix) ?? IDENTITY);
  }

  #setFont(name: unknown, size: unknown): void {
    this.#text.set({ font: this.#fontOf(String(name)), fontSize: asNumber(size) });
  }

  #setGraphicsState(entries: readonly unknown[]): void {
    for (const [key, value] of entries.map(asList)) {
      if (key !== 'Font') continue;
      const [name, size] = asList(value);
      this.#setFont(name, size);
    }
  }
}

const isMask = (group: unknown): boolean =>
  typeof group === 'object' && group !== null && 'smask' in group && group.smask != null;

/** Of fonts that state no usable height, and of most fonts within some hundredths. */
const ASCENT = 0.8;
const DESCENT = -0.2;

/** The facts of a font that pdf.js has loaded. Its types do not list them. */
function fontFactsOf(font: unknown): FontFacts {
  const facts: object = typeof font === 'object' && font !== null ? font : {};
  const [a, , , d] = ('fontMatrix' in facts && asMatrix(facts.fontMatrix)) || [0.001, 0, 0, 0.001, 0, 0];
  const isType3 = 'isType3Font' in facts && facts.isType3Font === true;
  const [, bottom, , top] = isType3 && 'bbox' in facts ? asList(facts.bbox).map(asNumber) : [];
  const ascent = isType3 ? (top ?? 0) * d : asNumber('ascent' in facts && facts.ascent);
  const descent = isType3 ? (bottom ?? 0) * d : asNumber('descent' in facts && facts.descent);
  return {
    isVertical: 'vertical' in facts && facts.vertical === true,
    unit: a,
    ascent: ascent >= 0.4 && ascent <= 1.3 ? ascent : ASCENT,
    descent: descent <= -0.05 && descent >= -0.6 ? descent : DESCENT,
  };
}
