import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { readPage } from '../docs/support-pages.ts';
import { keysText, temporaryFile } from '../support/api-keys.ts';
import { runMain } from '../support/start-main.ts';
import { runIn } from './run-commands.ts';

/** The folders of `examples` for one language each. */
const LANGUAGES = ['java', 'php', 'python'];

/** The commands under a heading of the README of a language, except those that start the gateway. */
const commandsOf = (language: string, heading: string): string[] =>
  readPage(`examples/${language}/README.md`)
    .blocks('sh', heading)
    .filter((block) => !block.startsWith('npm '));

const withoutIds = (text: string): string =>
  text.replaceAll(/\b[0-9A-Z]{26}\b/g, 'ID').replaceAll(/\b\d+ bytes/g, 'N bytes');

/** Runs the commands of a section and expects every output that it shows. */
async function runSection(language: string, heading: string, env: Readonly<Record<string, string>> = {}) {
  const commands = commandsOf(language, heading);
  expect(commands).not.toEqual([]);
  const result = await runIn(`examples/${language}`, commands.join(''), env);
  expect(result, result.stdout + result.stderr).toMatchObject({ code: 0, stderr: '' });
  const shown = readPage(`examples/${language}/README.md`).blocks('text', heading);
  expect(shown).not.toEqual([]);
  for (const text of shown) expect(withoutIds(result.stdout)).toContain(withoutIds(text.trim()));
}

/** The commands that request a signature, with another document title. */
const requestFor = (language: string, title: string): string =>
  commandsOf(language, 'Request a signature')
    .join('')
    .replaceAll(/'Contratto [^']*'/g, `'${title}'`);

/** Starts the gateway by the command of the page, on free ports, and returns its URL. It stops with the test. */
async function startByPage(language: string): Promise<string> {
  const [block = ''] = readPage(`examples/${language}/README.md`).blocks('sh', 'Request a signature');
  const [, start = ''] = block.trim().split(' && ');
  const [program = '', ...args] = start.split(' ');
  const env = { ...process.env, PORT: '0', SANDBOX_PORT: '0' };
  const child = spawn(program, args, {
    cwd: `examples/${language}`,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill();
    await closed;
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  await expect.poll(() => output).toMatch(/^Sigillo: .*\n/m);
  return /^Sigillo: .*?(http:[^\s;]+\/graphql)/m.exec(output)?.[1] ?? '';
}

/** The URL of a server that closes every connection, and later of none. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}/graphql`;
}

test('every language has a page with the same sections, and none starts a package that is not published', () => {
  const folders = readdirSync('examples').filter((name) => existsSync(`examples/${name}/README.md`));
  expect(folders.filter((name) => name !== 'bruno').toSorted()).toEqual(LANGUAGES);
  for (const language of LANGUAGES) {
    const { text } = readPage(`examples/${language}/README.md`);
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
      'Request a signature',
      'Test a client of Firma con IO',
    ]);
    expect(text).not.toContain('npx');
  }
});

test('CI installs the Debian packages that the pages name', () => {
  for (const file of ['.ci/run', '.github/workflows/ci.yml'])
    for (const language of LANGUAGES) {
      const [install = ''] = readPage(`examples/${language}/README.md`).blocks('text');
      const packages = install.trim().split(' ').slice(2);
      expect(packages).not.toEqual([]);
      const installed = readFileSync(file, 'utf8').split(/\s+/);
      expect(
        packages.filter((name) => !installed.includes(name)),
        file,
      ).toEqual([]);
    }
});

test.each(LANGUAGES)('%s: a PDF is signed and downloaded by the commands of the page', async (language) => {
  const target = `examples/${language}/signed.pdf`;
  rmSync(target, { force: true });
  const gateway = await startByPage(language);
  await runSection(language, 'Request a signature', { SIGILLO_URL: gateway });
  expect(readFileSync(target).subarray(0, 5).toString()).toBe('%PDF-');
});

test.each(LANGUAGES)(
  '%s: the suite against the sandbox passes by the commands of the page',
  async (language) => {
    await runSection(language, 'Test a client of Firma con IO');
  },
);

/** Each failure is one readable message and a failed command: no stack trace. */
const FAILED = (message: RegExp) => ({
  code: 1,
  stdout: '',
  stderr: expect.stringMatching(message),
});
const STACK = /Traceback|Stack trace|#0 |^\s+at |Exception/m;

test.each(LANGUAGES)(
  '%s: a rejected document is reported with the reasons of the service',
  async (language) => {
    const gateway = await runMain({}).url();
    const result = await runIn(`examples/${language}`, requestFor(language, 'Contratto [rifiutato]'), {
      SIGILLO_URL: gateway,
    });
    expect(result).toEqual(
      FAILED(/^The step UPLOAD_DOCUMENTS failed: .*rejected.*\n {2}\(Firma del contratto\) .+\n$/),
    );
  },
);

test.each(LANGUAGES)('%s: invalid input is reported with its path', async (language) => {
  const gateway = await runMain({}).url();
  const result = await runIn(`examples/${language}`, requestFor(language, ' '), { SIGILLO_URL: gateway });
  expect(result).toEqual(
    FAILED(/^The input is not valid:\n( {2}documents\.0\.title: .*\n| {2}dossier\.\S+: .*\n)+$/),
  );
});

test.each(LANGUAGES)('%s: a wrong key is reported, and the right one is accepted', async (language) => {
  const keys = temporaryFile('keys.json', keysText({ right: { name: 'office', role: 'operator' } }));
  const gateway = await runMain({ AUTH: 'api-key', AUTH_API_KEYS_FILE: keys }).url();
  const env = { SIGILLO_URL: gateway, SIGILLO_KEY: 'wrong' };
  const command = requestFor(language, 'Contratto [rifiutato]');
  expect(await runIn(`examples/${language}`, command, env)).toEqual(
    FAILED(/^UNAUTHENTICATED: .+ \(request id \S+\)\n$/),
  );
  const accepted = await runIn(`examples/${language}`, command, { ...env, SIGILLO_KEY: 'right' });
  expect(accepted).toEqual(FAILED(/UPLOAD_DOCUMENTS/));
});

test.each(LANGUAGES)('%s: a gateway that is not running is reported with its address', async (language) => {
  const url = await closedPort();
  const result = await runIn(`examples/${language}`, requestFor(language, 'Contratto'), { SIGILLO_URL: url });
  expect(result).toEqual(FAILED(new RegExp(`^Cannot reach the gateway at ${url}`)));
  expect(result.stderr).not.toMatch(STACK);
});

test.each(LANGUAGES)('%s: a server that is not the gateway is reported', async (language) => {
  const server = createServer((_, response) => response.writeHead(502).end('<h1>Bad Gateway</h1>'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const env = { SIGILLO_URL: `http://127.0.0.1:${port}/graphql` };
  const result = await runIn(`examples/${language}`, requestFor(language, 'Contratto'), env);
  expect(result).toEqual(FAILED(/^HTTP 502/));
  expect(result.stderr).not.toMatch(STACK);
});
