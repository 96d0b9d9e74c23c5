import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** Of the package, which lies one folder higher in a checkout than in what is published. */
export const VERSION = versionIn(findPackageJSON(import.meta.url));

function versionIn(manifestPath: string | undefined): string {
  const manifest: unknown = manifestPath === undefined ? {} : JSON.parse(readFileSync(manifestPath, 'utf8'));
  const isObject = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isObject ? String(manifest.version) : 'unknown';
}
