import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/build-web.ts', import.meta.url));

/**
 * In a checkout, builds the pages of `web/` unless they are current. The package contains them. Without them the gateway
 * works, and `/` is a plain page.
 */
export async function buildPages(): Promise<void> {
  if (!existsSync(SCRIPT)) return;
  const child = spawn(process.execPath, [SCRIPT], { stdio: ['ignore', 'ignore', 'inherit'] });
  await once(child, 'exit');
}
