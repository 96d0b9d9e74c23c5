import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

/*
 * Files are read at the start, so a disk that fails stops the gateway then, by the name of the variable. A directory is a
 * file that opens and cannot be read (EISDIR), for any user: so does a bad disk (EIO). Files of keys that are changed while
 * the gateway runs: test/security/api-keys.test.ts.
 */
test.each([
  ['FIRMA_API_KEY_FILE', { AUTH: 'none' }],
  ['TENANTS_FILE', { AUTH: 'jwt' }],
  ['AUTH_API_KEYS_FILE', { AUTH: 'api-key' }],
  ['TRUSTED_DOCUMENTS', {}],
])('%s that cannot be read is a mistake that names it, and not what is on the disk', (name, others) => {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-faults-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  let message = '';
  try {
    loadConfig({ ...others, [name]: folder });
  } catch (failure) {
    message = failure instanceof Error ? failure.message : '';
  }
  expect(message).toContain(`${name}: `);
  expect(message).not.toMatch(/EISDIR|\n\s+at /);
});
