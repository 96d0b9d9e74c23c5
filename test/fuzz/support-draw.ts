import fc from 'fast-check';
import type { GeneratorValue } from 'fast-check';

/** Decisions of one input, each of which shrinks towards the first and plainest. */
export class Draw {
  readonly #draw: GeneratorValue;
  /** Half of all inputs have no flaw, so that they get as far as the service; some have a few, and some many. */
  readonly #flaws: 'none' | 'few' | 'many';

  constructor(draw: GeneratorValue) {
    this.#draw = draw;
    this.#flaws = this.one(['none', 'none', 'none', 'few', 'few', 'many']);
  }

  /** Whether something is to be wrong here: once in so many times in inputs with many flaws. */
  flaw(times: number): boolean {
    if (this.#flaws === 'none') return false;
    return this.once(this.#flaws === 'few' ? 5 * times : times);
  }

  /** 0 to `most`. */
  number(most: number): number {
    return this.#draw(fc.nat, most);
  }

  /** Once in so many times. */
  once(times: number): boolean {
    return this.number(times - 1) === times - 1;
  }

  one<T>(list: readonly T[]): T {
    const index = this.number(list.length - 1);
    // Within bounds, unless there is nothing to draw from.
    if (index >= list.length) throw new RangeError('there is nothing to draw from');
    return list[index] as T;
  }

  /** So many of what `make` makes. */
  some<T>(least: number, most: number, make: (index: number) => T): T[] {
    return Array.from({ length: least + this.number(most - least) }, (_, index) => make(index));
  }

  /** Any text, of few characters. */
  text(): string {
    return this.#draw(anyText);
  }

  bytes(most: number): Buffer {
    return Buffer.from(this.#draw(fc.uint8Array, { maxLength: most }));
  }

  /** The text with a piece of it left out, doubled, or something put into it. */
  mutated(text: string, splinters: readonly string[]): string {
    const at = this.number(text.length);
    const to = Math.min(text.length, at + this.number(12));
    const [before, piece, after] = [text.slice(0, at), text.slice(at, to), text.slice(to)];
    return this.one([
      () => before + this.one(splinters) + piece + after,
      () => before + after,
      () => before + piece + piece + after,
      () => before,
      () => before + this.one(splinters) + after,
    ])();
  }
}

/** Any UTF-16, lone surrogates among it. */
const anyText = (): fc.Arbitrary<string> => fc.string({ unit: codeUnit, maxLength: 12 });
const codeUnit = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code)) },
);
