import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** The version of the package that contains this file, in a checkout or installed. */
export function readVersion(): string {
  const file = findPackageJSON('..', import.meta.url);
  const manifest: unknown = file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
