import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

/*
 * Files are read at the start, so a failing disk prevents the start with an error that names the variable. A directory opens
 * and cannot be read (EISDIR), by any user, like a file on a bad disk (EIO). Changes of API key files at run time:
 * test/security/api-keys.test.ts.
 */
test.each([
  ['FIRMA_API_KEY_FILE', { AUTH: 'none' }],
  ['TENANTS_FILE', { AUTH: 'jwt' }],
  ['AUTH_API_KEYS_FILE', { AUTH: 'api-key' }],
  ['TRUSTED_DOCUMENTS', {}],
])('an unreadable %s is an error that names the variable, without the system error', (name, others) => {
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
