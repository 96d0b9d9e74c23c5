import { existsSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { hasTools, readPage, startProgram } from './support-pages.ts';

const readme = readPage('README.md');

test('the quick start shows what npm start prints', async () => {
  const { output, gateway, sandbox } = await startProgram();
  const { name, version, scripts } = packageJson;
  const printed = output.replaceAll(gateway, 'localhost:4000').replace(sandbox, 'localhost:4010');
  expect(readme.blocks('text', 'Quick start')).toEqual([
    `> ${name}@${version} start\n> ${scripts.start}\n\n${printed}`,
  ]);
});

test.skipIf(!hasTools)(
  'the curl command returns the answer that the README shows, and the citizen can sign',
  async () => {
    const { run } = await startProgram();
    const heading = 'From two PDFs to a QR code with one curl';
    const [request = '', sign = ''] = readme.blocks('sh', heading);
    const [shown = ''] = readme.blocks('json', heading);
    const { stdout } = await run(request);
    const id = /"id":"(\w{26})"/.exec(stdout)?.[1] ?? '';
    const withoutIds = (text: string): unknown => JSON.parse(text.replaceAll(/\w{26}/g, 'ID'));
    expect(withoutIds(stdout)).toEqual(withoutIds(shown));
    await run(sign.replace('PASTE_REQUEST_ID', id).replace('-sS', '-sSf'));
  },
);

test('the README has at most 150 lines', () => {
  expect(readme.text.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});

test('the files and pictures of the README exist', () => {
  for (const target of readme.links) {
    expect(existsSync(target), target).toBe(true);
    if (target.endsWith('.png')) expect(statSync(target).size, target).toBeLessThan(300_000);
  }
});

test('the Italian README has the same commands', () => {
  const commands = (file: string): string[] =>
    readPage(file)
      .blocks('sh')
      .map((block) => block.replace(/"id":"\w+"/, '"id":"…"'));
  expect(commands('README.it.md')).toEqual(commands('README.md'));
});
