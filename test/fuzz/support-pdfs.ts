import { readdirSync, readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { anchoredDocuments } from '../support/anchored-documents.ts';

/** PDFs to damage: of this project and of other programs, also with unpacked streams, so that damage reaches their contents. */
export async function basePdfs(): Promise<Buffer[]> {
  const folder = 'test/support/producers/';
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.pdf'))
    .map((name) => folder + name);
  const read = [...files, 'examples/contratto.pdf', 'test/support/encrypted.pdf'].map((path) =>
    readFileSync(path),
  );
  const made = await Promise.all(Object.values(anchoredDocuments).map(({ make }) => make()));
  return [...read, ...made, ...[...read, ...made].map(unpacked)];
}

/** The PDF without the compression of its streams. Its cross-reference table is wrong then, which readers repair. */
function unpacked(pdf: Buffer): Buffer {
  const text = pdf.toString('latin1');
  const plain = text.replace(
    /<<([^<>]*)>>\s*stream\r?\n([\s\S]*?)\r?\nendstream/g,
    (whole, dict: string, data: string) => {
      if (!/\/Filter\s*\/FlateDecode/.test(dict) || /\/(DecodeParms|Type\s*\/XRef)/.test(dict)) return whole;
      try {
        const bytes = inflateSync(Buffer.from(data, 'latin1')).toString('latin1');
        const rest = dict
          .replace(/\/Filter\s*\/FlateDecode/, '')
          .replace(/\/Length\s+\d+/, `/Length ${bytes.length}`);
        return `<<${rest}>>\nstream\n${bytes}\nendstream`;
      } catch {
        return whole;
      }
    },
  );
  return Buffer.from(plain, 'latin1');
}

const WORDS = [
  '/Kids[1 0 R 2 0 R]', '/Parent 3 0 R', '/Count 2147483647', '/Length 999999999', '/Filter[/FlateDecode/FlateDecode/LZWDecode]', '/Type/ObjStm',
  '/Type/XRef', '<<', '>>', '[', ']', '[[[[[[[[', 'obj', 'endobj', 'stream', 'endstream', 'R', 'q q q q q', ' Tj', ' Do', ' Tf', ' cm', ' BI /W 1e9 ID', '(', ')', '%',
  '/W[8 8 8]', '/Index[0 4294967295]', '/Encrypt 1 0 R', '/MediaBox[0 0 1e308 -1e308]', '/FontMatrix[0 0 0 0 0 0]', '/ToUnicode 2 0 R', '/Widths 1 0 R',
  '/Rotate 1e99', '/UserUnit -5', '/AcroForm<</Fields[1 0 R]>>', '/FT/Sig', '/Encoding/Identity-V', '/Subtype/Type3', '/CharProcs 1 0 R', '/OC 1 0 R',
]; // prettier-ignore

const NUMBERS = ['0', '-1', '1', '65535', '2147483648', '1e400', '.', '--5', '999999999999999999999'];

/** Numbers that follow from a seed (mulberry32). fast-check would record each choice to make it smaller, which takes longer. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From `least` to `most`. */
  int(least: number, most: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return least + (((mixed ^ (mixed >>> 14)) >>> 0) % (most - least + 1));
  }

  one<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }
}

/** Damages a PDF in some places, which follow from the seed. */
export function damaged(seed: number, bases: readonly Buffer[]): Buffer {
  const draw = new Dice(seed);
  let pdf = draw.one(bases);
  for (let times = draw.int(1, 3); times > 0; times -= 1) pdf = damagedOnce(draw, pdf, bases);
  return pdf;
}

function damagedOnce(draw: Dice, pdf: Buffer, bases: readonly Buffer[]): Buffer {
  const at = draw.int(0, Math.max(0, pdf.length - 1));
  const length = draw.int(1, 400);
  const replaced = (piece: Buffer | string, removed = 0): Buffer =>
    Buffer.concat([pdf.subarray(0, at), Buffer.from(piece), pdf.subarray(at + removed)]);
  switch (draw.int(0, 8)) {
    case 0: {
      const changed = Buffer.from(pdf);
      for (let flips = draw.int(1, 20); flips > 0; flips -= 1)
        changed[draw.int(0, Math.max(0, pdf.length - 1))] = draw.int(0, 255);
      return changed;
    }
    case 1:
      return replaced('', length);
    case 2:
      return replaced(pdf.subarray(draw.int(0, pdf.length), draw.int(0, pdf.length)));
    case 3: {
      const other = draw.one(bases);
      const from = draw.int(0, other.length);
      return replaced(other.subarray(from, from + draw.int(1, 3_000)), draw.int(0, length));
    }
    case 4:
      return pdf.subarray(0, at);
    case 5:
      return replaced(draw.one(WORDS), draw.int(0, 3));
    case 6:
      return replaced(draw.one(WORDS).repeat(draw.int(1, 2_000)));
    default:
      return withOtherNumber(draw, pdf, at);
  }
}

function withOtherNumber(draw: Dice, pdf: Buffer, from: number): Buffer {
  const text = pdf.toString('latin1');
  const found = /\d+/g;
  found.lastIndex = from;
  const match = found.exec(text);
  if (match === null) return pdf;
  return Buffer.from(
    text.slice(0, match.index) + draw.one(NUMBERS) + text.slice(match.index + match[0].length),
    'latin1',
  );
}
