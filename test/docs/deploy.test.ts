import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startHttpStub } from '../support/http-stub.ts';

const run = promisify(execFile);

test('the container file of the gateway copies what its command needs, and its health check works', async () => {
  const instructions = readFileSync('Containerfile.gateway', 'utf8')
    .split('\n')
    .map((line) => /^([A-Z]+) (.*)$/.exec(line)?.slice(1) ?? []);
  const argumentsOf = (name: string): string[] =>
    instructions.flatMap(([found, rest = '']) => (found === name ? [rest] : []));
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-image-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const ignored = readFileSync('.dockerignore', 'utf8');
  for (const copied of argumentsOf('COPY')) {
    const [target = '', ...sources] = copied.split(' ').toReversed();
    for (const source of sources) {
      expect(ignored).toContain(`\n!${source}\n`);
      const to = target.endsWith('/') ? join(folder, target, source) : join(folder, target);
      mkdirSync(dirname(to), { recursive: true });
      cpSync(source, to, { recursive: true });
    }
  }
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));

  const commandOf = (text = ''): string[] => JSON.parse(text.replace(/^.* CMD /, ''));
  const [node, ...args] = commandOf(argumentsOf('ENTRYPOINT')[0]);
  expect(node).toBe('node');
  const service = await startHttpStub(() => {});
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      ...Object.fromEntries(argumentsOf('ENV').map((line) => line.split('='))),
      PORT: '0',
      FIRMA_API_KEY: 'a-key',
      FIRMA_API_URL: service.origin,
      AUTH: 'none',
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  await expect.poll(() => printed).toContain('Sigillo: ');
  const port = /Sigillo: http:\/\/localhost:(\d+)/.exec(printed)?.[1];
  const [, ...check] = commandOf(argumentsOf('HEALTHCHECK')[0]);
  const health = () => run(process.execPath, check, { env: { PORT: port } });
  await health();
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  await expect(health()).rejects.toMatchObject({ code: 1 });
});

/** Settings of a file with one `name value` per line. */
const settingsOf = (file: string, separator: RegExp): Map<string, string> =>
  new Map(
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [name = '', ...rest] = line.trim().replace(/;$/, '').split(separator);
        return rest.length === 0 || name.startsWith('#') ? [] : [[name, rest.join(' ')] as const];
      }),
  );

test('the stop timeout of systemd covers the shutdown of a gateway', () => {
  const unit = settingsOf('examples/deploy/sigillo.service', /=/);
  expect(unit.get('ExecStart')).toContain('src/main.ts');
  // The default of SHUTDOWN_GRACE_SECONDS, one second for responses, and three for the last traces.
  expect(Number(unit.get('TimeoutStopSec'))).toBeGreaterThanOrEqual(25 + 1 + 3);
});

test('nginx allows the operation timeout and the upload size of the gateway', () => {
  const site = settingsOf('examples/deploy/nginx.conf', /\s+/);
  expect(Number.parseInt(site.get('proxy_read_timeout') ?? '', 10)).toBeGreaterThan(90);
  expect(Number.parseInt(site.get('client_max_body_size') ?? '', 10) * 2 ** 20).toBeGreaterThan(104_857_600);
  expect(site.get('proxy_request_buffering')).toBe('off');
});
