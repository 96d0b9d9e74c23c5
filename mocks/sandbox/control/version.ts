import { readFileSync } from 'node:fs';
// By its default export: an older Node does not have the function, and must come as far as the check of its version.
import nodeModule from 'node:module';

/** Of the package, which lies one folder higher in a checkout than in what is published. */
export const VERSION = versionIn(nodeModule.findPackageJSON(import.meta.url));

function versionIn(manifestPath: string | undefined): string {
  const manifest: unknown = manifestPath === undefined ? {} : JSON.parse(readFileSync(manifestPath, 'utf8'));
  const isObject = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isObject ? String(manifest.version) : 'unknown';
}
