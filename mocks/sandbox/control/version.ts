import { readFileSync } from 'node:fs';
// The default export: an older Node lacks the named export, and must still reach the check of its version.
import nodeModule from 'node:module';

/** Version of the package. A checkout has package.json one folder higher than the published package. */
export const VERSION = versionIn(nodeModule.findPackageJSON(import.meta.url));

function versionIn(manifestPath: string | undefined): string {
  const manifest: unknown = manifestPath === undefined ? {} : JSON.parse(readFileSync(manifestPath, 'utf8'));
  const isObject = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isObject ? String(manifest.version) : 'unknown';
}
