import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** An API key of Firma con IO. It is sent in a header, where a space or a line break would fail every call. */
export const issuerKey = z
  .string()
  .min(1, { error: 'must not be empty', abort: true })
  .regex(/^[\x21-\x7e]+$/, 'must be the key only, without spaces and line breaks');

/** The file is invalid. The message contains nothing of its content. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/**
 * Reads the key of a file, without surrounding white space.
 * @throws {KeyFileError}
 */
export function readKeyFile(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch {
    throw new KeyFileError('must be a readable file');
  }
  const { data, error } = issuerKey.safeParse(text);
  if (data === undefined) throw new KeyFileError(`its content ${error.issues[0]?.message ?? ''}`);
  return data;
}
