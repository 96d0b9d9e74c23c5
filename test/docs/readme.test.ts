import { existsSync, statSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { greeting } from '../../src/gateway/start-messages.ts';
import { hasTools, readPage, startProgram } from './support-pages.ts';

const readme = readPage('README.md');

test('the quick start shows what npm start prints at a terminal', () => {
  const { name, version, scripts } = packageJson;
  const printed = greeting({
    version,
    url: 'http://127.0.0.1:4000/graphql',
    graphiql: true,
    isSandbox: true,
    upstreamUrl: 'http://127.0.0.1:4010/api/v1/sign',
    proxy: undefined,
    metricsUrl: undefined,
    workers: 1,
  });
  expect(readme.blocks('text', 'Quick start')).toEqual([
    `> ${name}@${version} start\n> ${scripts.start}\n${stripVTControlCharacters(printed).trimEnd()}\n`,
  ]);
});

test.skipIf(!hasTools)(
  'the curl command returns the answer that the README shows, also when repeated, and the citizen can sign',
  async () => {
    const { run, sandbox } = await startProgram();
    const heading = 'From two PDFs to a QR code with one curl';
    const [request = '', sign = '', read = ''] = readme.blocks('sh', heading);
    const [shown = ''] = readme.blocks('json', heading);
    const { stdout } = await run(`${request}${request}`);
    const [first = '', second] = stdout.trim().split('\n');
    const id = /"id":"(\w{26})"/.exec(first)?.[1] ?? '';
    const withoutIds = (text: string): unknown => JSON.parse(text.replaceAll(/\w{26}/g, 'ID'));
    expect(withoutIds(first)).toEqual(withoutIds(shown));
    expect(second, 'the same request').toBe(first);

    const signed = sign.replace('PASTE_REQUEST_ID', id).replace('-sS', '-sSf');
    await run(signed);
    // The trust provider takes a minute of the clock of the sandbox.
    const advance = { method: 'POST', body: '{"milliseconds":120000}' };
    await fetch(`http://${sandbox}/_sandbox/clock/advance`, advance);
    const { stdout: answer } = await run(`REQUEST=${id}\n${read}`);
    expect(JSON.parse(answer)).toEqual({ data: { signatureRequest: { status: 'SIGNED' } } });
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
      .map((block) => block.replace(/REQUEST=\w+/, 'REQUEST=…'));
  expect(commands('README.it.md')).toEqual(commands('README.md'));
});
