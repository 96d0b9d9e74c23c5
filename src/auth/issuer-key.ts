import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** A key of Firma con IO. It goes into a header, where a blank or a line break would fail every call. */
export const issuerKey = z
  .string()
  .min(1, { error: 'must not be empty', abort: true })
  .regex(/^[\x21-\x7e]+$/, 'must be the key alone, without blanks and line breaks');

/** The file cannot be used. The message holds nothing of what is in it. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/**
 * The key that the file holds; blanks around it do not count.
 * @throws {KeyFileError}
 */
export function readKeyFile(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch {
    throw new KeyFileError('must be a file that can be read');
  }
  const { data, error } = issuerKey.safeParse(text);
  if (data === undefined) throw new KeyFileError(`the file ${error.issues[0]?.message ?? ''}`);
  return data;
}
