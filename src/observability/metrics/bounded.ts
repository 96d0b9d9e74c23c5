import { OTHER } from './labels.ts';

/** Lets a label have these values and no others; see `labels.ts`. */
export function bounded(values: readonly string[]): (value: string | number) => string {
  const known = new Set(values);
  return (value) => (known.has(String(value)) ? String(value) : OTHER);
}
