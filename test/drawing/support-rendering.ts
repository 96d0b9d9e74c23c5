import { createCanvas } from '@napi-rs/canvas';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const SCALE = 2;
const folder = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));

/** A box in units of the page, from the top left. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

type IsColour = (red: number, green: number, blue: number) => boolean;

/** The page as its reader sees it, with lengths in units of the page. */
export class Rendering {
  readonly #pixels: Uint8ClampedArray;
  readonly #width: number;
  readonly #height: number;

  private constructor(pixels: Uint8ClampedArray, width: number, height: number) {
    this.#pixels = pixels;
    this.#width = width;
    this.#height = height;
  }

  static async of(pdf: Uint8Array, pageNumber = 1): Promise<Rendering> {
    const task = getDocument({
      data: new Uint8Array(pdf),
      verbosity: 0,
      cMapUrl: `${folder}/cmaps/`,
      standardFontDataUrl: `${folder}/standard_fonts/`,
    });
    const document = await task.promise;
    const page = await document.getPage(pageNumber);
    const viewport = page.getViewport({ scale: SCALE / page.userUnit });
    const canvas = createCanvas(Math.ceil(viewport.width), Math.ceil(viewport.height));
    const context = canvas.getContext('2d');
    // The types of pdf.js are those of a browser, of which the canvas has all that is used.
    await page.render({ canvas: canvas as never, canvasContext: context as never, viewport }).promise;
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    await task.destroy();
    return new Rendering(data, width, height);
  }

  #colourAt(at: number): [number, number, number] {
    const pixels = this.#pixels;
    return [pixels[at] ?? 0, pixels[at + 1] ?? 0, pixels[at + 2] ?? 0];
  }

  /**
   * The box of the pixels of a colour, on the whole page or in a part of it, without those that have the colour in `before`.
   * Undefined if there is none.
   */
  boxOf(
    isOfColour: IsColour,
    { part, before }: { part?: Box | undefined; before?: Rendering } = {},
  ): Box | undefined {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    const [fromY, toY] = [
      (part?.top ?? 0) * SCALE,
      Math.min((part?.bottom ?? Infinity) * SCALE, this.#height),
    ];
    const [fromX, toX] = [
      (part?.left ?? 0) * SCALE,
      Math.min((part?.right ?? Infinity) * SCALE, this.#width),
    ];
    for (let y = Math.floor(fromY); y < toY; y += 1) {
      for (let x = Math.floor(fromX); x < toX; x += 1) {
        const at = 4 * (y * this.#width + x);
        if (!isOfColour(...this.#colourAt(at)) || (before && isOfColour(...before.#colourAt(at)))) continue;
        [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
        [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
      }
    }
    if (left === Infinity) return undefined;
    return { left: left / SCALE, top: top / SCALE, right: right / SCALE, bottom: bottom / SCALE };
  }
}

export const isRed = (red: number, green: number, blue: number): boolean =>
  red > 150 && green < 110 && blue < 110;
export const isDark = (red: number, green: number, blue: number): boolean => red + green + blue < 300;
/** The ink of the marks of the sandbox. */
export const isMark = (red: number, green: number, blue: number): boolean =>
  blue > 120 && red < 110 && green < 140 && blue - red > 60;
