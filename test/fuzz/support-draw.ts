import fc from 'fast-check';
import type { GeneratorValue } from 'fast-check';

/** The random choices of one input. Each shrinks towards the first and simplest value. */
export class Draw {
  readonly #draw: GeneratorValue;
  /** Half of all inputs have no flaw, so that they reach the service; others have a few flaws, or many. */
  readonly #flaws: 'none' | 'few' | 'many';

  constructor(draw: GeneratorValue) {
    this.#draw = draw;
    this.#flaws = this.one(['none', 'none', 'none', 'few', 'few', 'many']);
  }

  /** Whether to make a flaw here: once in `times` in inputs with many flaws. */
  flaw(times: number): boolean {
    if (this.#flaws === 'none') return false;
    return this.once(this.#flaws === 'few' ? 5 * times : times);
  }

  /** 0 to `most`. */
  number(most: number): number {
    return this.#draw(fc.nat, most);
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.number(times - 1) === times - 1;
  }

  one<T>(list: readonly T[]): T {
    const index = this.number(list.length - 1);
    // Within bounds, unless the list is empty.
    if (index >= list.length) throw new RangeError('the list is empty');
    return list[index] as T;
  }

  /** A list of values from `make`. */
  some<T>(least: number, most: number, make: (index: number) => T): T[] {
    return Array.from({ length: least + this.number(most - least) }, (_, index) => make(index));
  }

  /** Any short text. */
  text(): string {
    return this.#draw(anyText);
  }

  bytes(most: number): Buffer {
    return Buffer.from(this.#draw(fc.uint8Array, { maxLength: most }));
  }

  /** The text with a piece removed, doubled or inserted. */
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

/** Any UTF-16, including lone surrogates. */
const anyText = (): fc.Arbitrary<string> => fc.string({ unit: codeUnit, maxLength: 12 });
const codeUnit = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code)) },
);
