import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';

const GENERATOR = join(import.meta.dirname, 'node_modules/openapi-typescript/bin/cli.js');

test.each([
  ['mocks/openapi.yaml', 'src/upstream/openapi.d.ts'],
  ['mocks/sandbox-control.yaml', 'mocks/sandbox/control/openapi.d.ts'],
])('the types of %s are those generated from it', async (document, file) => {
  const { stdout } = await promisify(execFile)(process.execPath, [GENERATOR, document]);
  const generated = await format(stdout, { ...(await resolveConfig(file)), parser: 'typescript' });
  expect(await readFile(file, 'utf8')).toBe(generated);
});
