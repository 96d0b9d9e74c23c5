import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig, variables } from '../src/config.ts';
import packageJson from '../package.json' with { type: 'json' };
import { readQrCode } from './support/read-qr-code.ts';
import { runMain } from './support/start-main.ts';

const readme = readFileSync('README.md', 'utf8');
const section = (heading: string): string => readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, found, body = '']) =>
    found === language ? [body] : [],
  );
/** Rows of the table in a section, cells without padding and code marks. */
const rows = (text: string): string[][] =>
  [...text.matchAll(/^\|(.*)\|$/gm)]
    .slice(2)
    .map(([, row = '']) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')));

/** The program as `npm start` runs it, on free ports; it ends with the test. */
async function start() {
  const main = runMain({});
  await main.url();
  const { stdout: output } = main.output;
  const [gateway = '', sandbox = ''] = [...output.matchAll(/localhost:\d+/g)].map(([found]) => found);
  return { output, gateway, sandbox };
}

test('the quick start shows what npm start prints', async () => {
  const { output, gateway, sandbox } = await start();
  const { name, version, scripts } = packageJson;
  const printed = output.replace(gateway, 'localhost:4000').replace(sandbox, 'localhost:4010');
  expect(blocks(section('Quick start'), 'text')).toEqual([
    `> ${name}@${version} start\n> ${scripts.start}\n\n${printed}`,
  ]);
});

// A machine with nothing but npm may have no curl.
const hasTools = ['bash', 'curl'].every((tool) => spawnSync(tool, ['--version']).status === 0);

test.skipIf(!hasTools)(
  'one curl leads from two PDFs to a QR code and a message',
  async () => {
    const { gateway } = await start();
    const [line = ''] = blocks(section('From two PDFs to a QR code with one curl'), 'sh');
    const command = line.replaceAll('localhost:4000', gateway);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command]);
    expect(JSON.parse(stdout)).toEqual({
      data: {
        requestSignature: {
          signatureRequest: {
            id: expect.stringMatching(/^\w{26}$/),
            status: 'WAIT_FOR_SIGNATURE',
            qrCode: { link: expect.stringContaining('srid=') },
            notification: { ioMessageId: expect.stringMatching(/^\w{26}$/) },
          },
        },
      },
    });
  },
  60_000,
);

test.skipIf(!hasTools)(
  'the lines of the five steps end with a QR code that says the link and with the id of a message',
  async () => {
    const { gateway } = await start();
    const folder = mkdtempSync(join(tmpdir(), 'sigillo-readme-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(resolve('examples'), join(folder, 'examples'));
    const lines = blocks(section('The five steps with curl'), 'sh')
      .join('')
      .replaceAll('localhost:4000', gateway);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', lines], { cwd: folder });
    const answers = stdout.split(/\n|(?<=\})(?=\{)/).filter((line) => line !== '');
    const [dossier, signer, request, upload, ready, notified] = answers;
    expect(dossier).toMatch(/"dossier":\{"id":"\w{26}"/);
    expect(signer).toMatch(/"signer":\{"id":"[\w-]{36}"/);
    expect(request).toMatch(/"status":"DRAFT"/);
    expect(upload).toMatch(/"document":\{"status":"READY"\}/);
    expect(ready).toMatch(/"status":"WAIT_FOR_SIGNATURE"/);
    expect(notified).toMatch(/"ioMessageId":"\w{26}"/);
    expect(answers).toHaveLength(6);
    const link = /"link":"([^"]+)"/.exec(ready ?? '')?.[1];
    expect(readQrCode(readFileSync(join(folder, 'qr-code.png')))).toBe(link);
  },
);

test.skipIf(!hasTools)(
  'a second terminal shows each change up to the signature, as it is printed there',
  async () => {
    const { gateway, sandbox } = await start();
    const folder = mkdtempSync(join(tmpdir(), 'sigillo-readme-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(resolve('examples'), join(folder, 'examples'));
    const steps = blocks(section('The five steps with curl'), 'sh');
    const [watch = '', sign = ''] = blocks(section('A status that updates itself'), 'sh');
    expect(watch).toMatch(/^REQUEST=PASTE_REQUEST_ID\ncurl -N /);
    const lines = [
      ...steps.slice(0, 4),
      `(${watch.replace(/^REQUEST=.*/, '')}) > events.txt &\n`,
      // It watches from the first state on.
      'until grep -q WAIT_FOR_UPLOAD events.txt; do sleep 0.1; done\n',
      ...steps.slice(4),
      sign,
      'wait\n',
    ]
      .join('')
      .replaceAll('localhost:4000', gateway)
      .replaceAll('localhost:4010', sandbox);
    await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', lines], { cwd: folder });
    const eventsIn = (text: string): string[] =>
      text
        .replaceAll(/"ioMessageId":"\w{26}"/g, '"ioMessageId":"…"')
        .split('\n\n')
        .map((block) => block.trim())
        // READY lasts for a second or less here, and may pass between two reads.
        .filter((block) => block !== ':' && block !== '' && !block.includes('"status":"READY","documents"'));
    const [printed = ''] = blocks(section('A status that updates itself'), 'text');
    expect(eventsIn(readFileSync(join(folder, 'events.txt'), 'utf8'))).toEqual(eventsIn(printed));
  },
  60_000,
);

test('the configuration table has every variable with its default', () => {
  const table = rows(section('Configuration'));
  const names = Object.keys(variables.shape);
  expect(names.length).toBeGreaterThan(10);
  expect(table.map(([name]) => name).toSorted()).toEqual(names.toSorted());

  const key = { FIRMA_API_KEY: 'key', AUTH: 'none' };
  for (const [name = '', value] of table) {
    if (value !== '') expect(loadConfig({ ...key, [name]: value }), name).toEqual(loadConfig(key));
  }
  const withoutDefault = table.filter(([, value]) => value === '').map(([name]) => name);
  expect(withoutDefault).toEqual([
    'FIRMA_API_KEY',
    'FIRMA_API_KEY_FILE',
    'TENANTS_FILE',
    'AUTH',
    'AUTH_JWKS_URL',
    'AUTH_ISSUER',
    'AUTH_AUDIENCE',
    'AUTH_API_KEYS_FILE',
    'SANDBOX_URL',
    'REDIS_URL',
    'METRICS_PORT',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_TRACES_EXPORTER',
    'WEBHOOKS_FILE',
    'NODE_ENV',
    'GRAPHIQL',
    'INTROSPECTION',
    'CORS_ORIGINS',
    'ALLOWED_HOSTS',
    'TRUSTED_DOCUMENTS',
  ]);
});

test('commands, files and pictures that the README names are there', () => {
  for (const [command = ''] of rows(section('Commands'))) {
    const name = command.replace(/^npm (run )?/, '');
    expect(Object.keys(packageJson.scripts)).toContain(name);
  }
  for (const [, target = ''] of readme.matchAll(/\]\((?!http)([^)]+)\)/g)) {
    expect(existsSync(target), target).toBe(true);
    if (target.endsWith('.png')) expect(statSync(target).size, target).toBeLessThan(300_000);
  }
});
