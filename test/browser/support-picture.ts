import { copyFile, mkdir } from 'node:fs/promises';
import type { Page } from 'puppeteer-core';

/** A screenshot in `test-results`; `npm run screenshots` sets the variable, and those of the documentation are updated too. */
export async function picture(page: Page, name: string, inDocs = false): Promise<void> {
  await mkdir('test-results', { recursive: true });
  const path = `test-results/${name}.png` as const;
  await page.screenshot({ path });
  if (inDocs && process.env['UPDATE_IMAGES'] !== undefined) await copyFile(path, `docs/images/${name}.png`);
}
