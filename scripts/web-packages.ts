import { execSync } from 'node:child_process';
import { resolve } from 'node:path';
import { rmSync, statSync } from 'node:fs';

/*
 * The packages of the pages, which only their build and their type check need.
 *
 * node scripts/web-packages.ts     installs them, unless they are those of the lock file
 */
const FOLDER = resolve(import.meta.dirname, '../web');
/** npm writes it last, so an interrupted installation does not have it. */
const INSTALLED = resolve(FOLDER, 'node_modules/.package-lock.json');

/** @returns whether it has installed them; false if they were there */
export function installWebPackages(): boolean {
  const installedAt = statSync(INSTALLED, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (installedAt >= statSync(resolve(FOLDER, 'package-lock.json')).mtimeMs) return false;
  execSync('npm ci', { cwd: FOLDER, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  return true;
}

export function removeWebPackages(): void {
  rmSync(resolve(FOLDER, 'node_modules'), { recursive: true, force: true, maxRetries: 3 });
}

if (import.meta.main) installWebPackages();
