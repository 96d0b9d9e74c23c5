import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { CONTROL_CONTRACT } from '../../mocks/sandbox/http/contract.ts';
import type { Fault } from '../../mocks/sandbox/faults/fault.ts';
import { parseFaultHeader } from '../../mocks/sandbox/faults/fault-header.ts';
import type { SandboxOptions } from '../../mocks/sandbox/http/server.ts';
import { SANDBOX_PAGE, sandboxPage } from '../../scripts/sandbox-page.ts';

// Each test starts processes, which is slow on a busy machine.
const run = promisify(execFile);
const page = readFileSync(SANDBOX_PAGE, 'utf8');
/** The handwritten parts, without the generated ones. */
const written = page.replaceAll(/<!-- printed: .*?<!-- end -->/gs, '');
const section = (heading: string): string =>
  written.split(new RegExp(`^#+ ${heading}\n`, 'm'))[1]?.split(/^#+ /m)[0] ?? '';
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, found, body = '']) =>
    found === language ? [body] : [],
  );
/** The first cells of the tables in a text, without code marks. */
const firstCells = (text: string): string[] =>
  [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = '']) => cell);

/** A folder that is removed with the test. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-docs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('the generated parts are up to date (npm run docs:print)', async () => {
  expect(await sandboxPage(page)).toBe(page);
});

test('all links have a target', () => {
  const anchors = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
  for (const [, target = ''] of page.matchAll(/\]\((?!http)([^)]+)\)/g)) {
    const [file = '', anchor = ''] = target.split('#');
    if (file === '') expect(anchors).toContain(anchor);
    else expect(existsSync(join(dirname(SANDBOX_PAGE), file)), target).toBe(true);
  }
});

test('the tables of faults list every kind', () => {
  // The compiler complains when a kind is missing here, and the document of the control API has them too.
  const all: Record<Fault['kind'], true> = {
    status: true,
    'rate-limit': true,
    latency: true,
    reset: true,
    'slow-body': true,
    'malformed-body': true,
    'truncated-body': true,
    'wrong-content-type': true,
    'validation-never-finishes': true,
    'copy-fails': true,
    'never-waits-for-signature': true,
    'back-office-outage': true,
    'tokenizer-limit': true,
    'queue-outage': true,
    'notification-not-recorded': true,
    'empty-last-page': true,
    'cancel-loses-race': true,
  };
  const Document = z.looseObject({
    components: z.looseObject({
      schemas: z.looseObject({
        Fault: z.looseObject({
          properties: z.looseObject({ kind: z.looseObject({ enum: z.array(z.string()) }) }),
        }),
      }),
    }),
  });
  const { components } = Document.parse(parse(readFileSync(CONTROL_CONTRACT, 'utf8')));
  const documented = firstCells(section('Faults'));
  expect(documented).toEqual(Object.keys(all));
  expect(documented).toEqual(components.schemas.Fault.properties.kind.enum);
});

test('the documented shorthands of the fault header are valid', () => {
  const [, list = ''] = /The faults are (.*?)\. One that/s.exec(section('Headers of a single call')) ?? [];
  const shorthands = [...list.matchAll(/`([^`]+)`/g)].map(([, shorthand = '']) => shorthand);
  expect(shorthands).toHaveLength(14);
  for (const shorthand of shorthands) {
    const example = shorthand.replace('<status>', '502').replaceAll(/<[^>]+>/g, '2');
    expect(parseFaultHeader(`createDossier=${example}`, 'createDossier'), shorthand).toHaveLength(1);
  }
});

test('the table of options lists every option', () => {
  const all: Record<keyof SandboxOptions, true> = {
    port: true,
    host: true,
    timeScale: true,
    frozenAt: true,
    seed: true,
    profile: true,
    apiKeys: true,
    rateLimit: true,
    logger: true,
  };
  expect(firstCells(section('In a test process'))).toEqual(Object.keys(all));
});

test('the documented output of the start is accurate', async () => {
  const child = spawn(process.execPath, ['mocks/sandbox/main.ts', '--port', '0']);
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  await expect.poll(() => printed).toContain('Time');
  expect(blocks(section('Start in 30 seconds'), 'text')[0]).toBe(
    printed.replaceAll(/localhost:\d+/g, 'localhost:4010'),
  );
});

test('the lines of JavaScript run one after another', async () => {
  const script = blocks(written, 'js')
    .join('')
    .replace("'sigillo/testing'", JSON.stringify(resolve('mocks/sandbox/testing.ts')))
    .replace('5_000', '5');
  const file = join(temporaryFolder(), 'lines.mjs');
  writeFileSync(file, `${script}\nawait sandbox.close();\n`);
  const { stdout } = await run(process.execPath, [file]);
  expect(stdout).toMatch(/^http:\S+\/api\/v1\/sign\nNo call that matches /);
});
