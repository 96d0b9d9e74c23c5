import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  CONTRACT,
  CONTROL_CONTRACT,
  compile,
  compiledPath,
  contractOperations,
} from '../../../../mocks/sandbox/http/contract.ts';

test.each([CONTRACT, CONTROL_CONTRACT])(
  'the compiled operations of %s are current; else run npm run types:generate',
  async (document) => {
    expect(JSON.parse(await readFile(compiledPath(document), 'utf8'))).toEqual(await compile(document));
  },
);

test('a document that was changed after it was compiled is read anew', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sigillo-contract-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const document = join(folder, 'openapi.yaml');
  await copyFile(compiledPath(CONTRACT), compiledPath(document));
  const text = await readFile(CONTRACT, 'utf8');
  await writeFile(document, text.replaceAll('createDossier', 'openDossier'));
  const operations = await contractOperations(document);
  expect(operations.map(({ iid }) => iid)).toContain('openDossier');
});
