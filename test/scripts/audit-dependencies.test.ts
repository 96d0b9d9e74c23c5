import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import type { StubHandler } from '../support/http-stub.ts';

const BULK = '/-/npm/v1/security/advisories/bulk';
const ADVISORY = {
  id: 1,
  url: 'https://advisories.example/1',
  title: 'A hole',
  vulnerable_versions: '<2.0.0',
  cwe: [],
  cvss: { score: 0, vectorString: null },
};

/** A registry whose package `frail` has a vulnerability of this severity, or none. */
const registry =
  (severity?: string): StubHandler =>
  (call, res) => {
    if (call.path === BULK)
      return sendJson(res, 200, severity === undefined ? {} : { frail: [{ ...ADVISORY, severity }] });
    if (call.path === '/frail')
      return sendJson(res, 200, {
        name: 'frail',
        versions: { '1.0.0': { name: 'frail', version: '1.0.0' } },
      });
    sendJson(res, 404, {});
  };

/** Runs the script in a project that depends on `frail`. */
async function audit(origin: string) {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const root = { name: 'project', version: '1.0.0', dependencies: { frail: '1.0.0' } };
  const packages = { '': root, 'node_modules/frail': { version: '1.0.0' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(root));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...root, lockfileVersion: 3, packages }));
  const env = { ...process.env, npm_config_registry: origin, npm_config_cache: join(folder, 'cache') };
  return new Promise<{ code: number; lines: string[] }>((done) => {
    const script = resolve('scripts/audit-dependencies.ts');
    const child = execFile(process.execPath, [script], { cwd: folder, env }, (_, stdout) =>
      done({ code: child.exitCode ?? -1, lines: stdout.trim().split('\n') }),
    );
  });
}

test('without known vulnerabilities it exits with 0', async () => {
  const { origin, calls } = await startHttpStub(registry());
  expect(await audit(origin)).toEqual({
    code: 0,
    lines: ['dependencies were audited: 0 with a known vulnerability, 0 of them high or critical'],
  });
  expect(calls.map(({ path }) => path)).toContain(BULK);
});

test.each([
  ['critical', 1],
  ['high', 1],
  ['moderate', 0],
  ['low', 0],
])('a vulnerability of severity %s: exit code %i, and its name', async (severity, code) => {
  const { origin } = await startHttpStub(registry(severity));
  expect(await audit(origin)).toEqual({
    code,
    lines: [
      `${severity}: frail *`,
      `dependencies were audited: 1 with a known vulnerability, ${code} of them high or critical`,
    ],
  });
});

test.each([404, 405, 503])('a registry that answers %i is reported, and it exits with 0', async (status) => {
  const { origin } = await startHttpStub((_, res) => sendJson(res, status, {}));
  expect(await audit(origin)).toEqual({
    code: 0,
    lines: [`dependencies were not audited: the registry answers ${status}`],
  });
});

test('an unreachable registry is reported, and it exits with 0', async () => {
  const { origin, stop } = await startHttpStub(() => {});
  await stop();
  expect(await audit(origin)).toEqual({
    code: 0,
    lines: [expect.stringMatching(/^dependencies were not audited: the registry cannot be reached/)],
  });
});
