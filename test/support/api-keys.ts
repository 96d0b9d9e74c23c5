import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** A temporary file that is removed after the test. */
export function temporaryFile(name: string, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-auth-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** The content of a file of API keys, with the owner of each key. */
export const keysText = (owners: Readonly<Record<string, object>>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(owners).map(([key, owner]) => [hashOf(key), owner])));
