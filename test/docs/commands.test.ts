import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { hasTools, startProgram } from './support-pages.ts';

/*
 * Each command that a page prints is run here, or by a test that is named here, or there is a reason why no test runs it. A
 * page with a block of commands that is missing here fails.
 */

/** `runs`: to its end, after those before it on the page. `starts`: a server, which prints this. */
type Check =
  'runs' | { readonly starts: RegExp } | { readonly testedBy: string } | { readonly notRunBecause: string };

const README_TEST = { testedBy: 'test/docs/readme.test.ts' };
const QUICK_START = { testedBy: 'test/docs/quick-start.test.ts' };
const SANDBOX_EXAMPLES = { testedBy: 'test/sandbox/sandbox-examples.test.ts' };
const LANGUAGES = { testedBy: 'test/examples/languages.test.ts' };
const CLIENTS = { testedBy: 'test/clients/guide.test.ts' };
const BRUNO = { testedBy: 'test/examples/bruno.test.ts' };
const DEBIAN = { notRunBecause: 'it installs packages of Debian; .ci/run installs the same' };
const INSTALLS = {
  notRunBecause: 'CI begins with npm ci, and starts the program by npm in the tests of the examples',
};
const GREETING = /^Sigillo: .*http:/m;

/** The blocks of commands of each page, by their beginning. */
const CHECKS: Readonly<Record<string, readonly (readonly [beginning: string, check: Check])[]>> = {
  'README.md': [
    ['npm ci && npm start', INSTALLS],
    ['KEY=', README_TEST],
    ['REQUEST=', README_TEST],
    ['curl -sS http://localhost:4000/graphql', README_TEST],
  ],
  'README.it.md': [
    ['npm ci && npm start', INSTALLS],
    ['KEY=', README_TEST],
    ['REQUEST=', README_TEST],
    ['curl -sS http://localhost:4000/graphql', README_TEST],
  ],
  'docs/guide/authentication.md': [
    ['AUTH=jwt', { starts: GREETING }],
    ['KEY=$(openssl', 'runs'],
  ],
  'docs/guide/clients.md': [
    [
      'npm install --save-dev @graphql-codegen/cli',
      { notRunBecause: 'test/clients/package.json has the same packages' },
    ],
    ['npx graphql-codegen', CLIENTS],
  ],
  'docs/guide/quick-start.md': [
    ['gql() {', QUICK_START],
    ["gql '{", QUICK_START],
    ['curl -sS http://localhost:4000/graphql', QUICK_START],
    ['REQUEST=PASTE_REQUEST_ID', QUICK_START],
    ['curl -sS http://localhost:4010/_sandbox/citizen/sign', QUICK_START],
  ],
  'docs/guide/sandbox.md': [
    ['npm ci', { starts: /Control {2}http:/ }],
    ['npm pack', { testedBy: 'test/node-versions/node-versions.test.ts' }],
    ['curl -X POST http://localhost:4010/api/v1/sign/signers', 'runs'],
    [
      'docker build',
      { notRunBecause: 'no container engine runs in CI; test/images runs the image without one' },
    ],
    ['#!/usr/bin/env bash', SANDBOX_EXAMPLES],
    ['SEEDED=', 'runs'],
    ['curl -X POST http://localhost:4010/_sandbox/clock/freeze', 'runs'],
    ['curl -X POST http://localhost:4010/_sandbox/faults', 'runs'],
    ["curl 'http://localhost:4010/_sandbox/journal?", 'runs'],
    ['test "$(curl -X DELETE', 'runs'],
    ['curl -X POST http://localhost:4010/_sandbox/snapshots', 'runs'],
    ['curl http://localhost:4000/graphql', 'runs'],
  ],
  'docs/guide/signature-fields.md': [['curl -sS http://localhost:4000/graphql', 'runs']],
  'docs/guide/signed-documents.md': [['curl -OJ -H "Authorization: Bearer $TOKEN"', 'runs']],
  'docs/guide/subscriptions.md': [['curl -N http://localhost:4000/graphql', 'runs']],
  'docs/guide/web-page.md': [
    ['npm run client:bundle', { testedBy: 'test/browser/web-page.test.ts' }],
    ['CORS_ORIGINS=', { starts: GREETING }],
    ['python3 -m http.server', { starts: /^Serving HTTP on/m }],
  ],
  'docs/guide/webhooks.md': [
    ["node -e 'console.log(", 'runs'],
    ['WEBHOOK_SECRET=', { starts: /http:/ }],
    ["echo '[{", { starts: GREETING }],
  ],
  'docs/operations.md': [['npm ci --omit=dev', { starts: GREETING }]],
  'examples/bruno/README.md': [['npx --yes @usebruno/cli', BRUNO]],
  'examples/java/README.md': [
    ['apt-get install', DEBIAN],
    ['npm --prefix ../.. ci', LANGUAGES],
    ['javac', LANGUAGES],
  ],
  'examples/php/README.md': [
    ['apt-get install', DEBIAN],
    ['npm --prefix ../.. ci', LANGUAGES],
    ['php request-signature.php', LANGUAGES],
    ['phpunit', LANGUAGES],
  ],
  'examples/python/README.md': [
    ['apt-get install', DEBIAN],
    ['npm --prefix ../.. ci', LANGUAGES],
    ['python3 request_signature.py', LANGUAGES],
    ['python3 -m pytest', LANGUAGES],
  ],
};

/** What a reader has at hand when a page begins: `$SIGNED`, a signed request, and `$DOCUMENT`, its document. */
const BEFORE: Readonly<Record<string, string>> = {
  'docs/guide/signed-documents.md': 'TOKEN=any REQUEST_ID=$SIGNED DOCUMENT_ID=$DOCUMENT',
  'docs/guide/subscriptions.md': 'REQUEST=$SIGNED',
};

const pages = globSync(['README*.md', 'docs/**/*.md', 'examples/**/*.md'], {
  exclude: ['**/node_modules/**'],
});
const COMMAND = /^(apt-get|buildah|curl|docker|git|helm|java|kubectl|node|npm|npx|php|podman|python3) /;

/** The blocks of a page that have commands, in whatever language they are marked. */
const commandsOf = (page: string): string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^ *```(\w*)\n(.*?)^ *```$/gms)].flatMap(
    ([, language = '', body = '']) =>
      ['sh', 'bash', 'shell', 'console'].includes(language) || COMMAND.test(body) ? [body] : [],
  );

const entryOf = (page: string, block: string) =>
  CHECKS[page]?.find(([beginning]) => block.startsWith(beginning));

test('each block of commands of the pages is run by a test, or has a reason', () => {
  // Translations have the blocks of their originals: test/docs/translations.test.ts.
  const originals = pages.filter((page) => !page.startsWith('docs/it/'));
  const unknown = originals.flatMap((page) =>
    commandsOf(page)
      .filter((block) => entryOf(page, block) === undefined)
      .map((block) => `${page}: ${block.split('\n')[0]}`),
  );
  expect(unknown, 'add these blocks to CHECKS').toEqual([]);
  const gone = Object.entries(CHECKS).flatMap(([page, entries]) => {
    const used = new Set(commandsOf(page).map((block) => entryOf(page, block)));
    return entries.filter((entry) => !used.has(entry)).map(([beginning]) => `${page}: ${beginning}`);
  });
  expect(gone, 'remove these entries of CHECKS').toEqual([]);
});

test('the tests that run commands exist, and the npm scripts in the text of the pages', () => {
  const checks = Object.values(CHECKS).flatMap((blocks) => blocks.map(([, check]) => check));
  for (const check of checks)
    if (typeof check === 'object' && 'testedBy' in check)
      expect(existsSync(check.testedBy), check.testedBy).toBe(true);
  const scripts = new Set(Object.keys(packageJson.scripts));
  const named = pages.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(
      ([, name = '']) => name,
    ),
  );
  expect(named.filter((name) => !scripts.has(name))).toEqual([]);
});

test('no page tells a reader to run the package by npx or to install it by its name before it is published', () => {
  const named = pages.flatMap((page) =>
    [
      ...readFileSync(page, 'utf8').matchAll(
        /\b(?:npx (?:--yes )?|npm (?:i|install)(?: -\S+)* )sigillo\b.*/g,
      ),
    ].map(([text]) => `${page}: ${text}`),
  );
  expect(named).toEqual([]);
});

test.skipIf(!hasTools)(
  'the commands that end succeed in their order, against one gateway with its sandbox',
  async () => {
    const { run, sandbox } = await startProgram();
    for (const page of Object.keys(CHECKS)) {
      const blocks = commandsOf(page).filter((block) => entryOf(page, block)?.[1] === 'runs');
      if (blocks.length === 0) continue;
      // Once per page, because a page may reset the sandbox.
      const signed = await signedRequest(sandbox);
      const { stdout } = await run(
        [
          `curl() { command curl -sS --fail-with-body "$@"; }`,
          `SIGNED=${signed.id} DOCUMENT=${signed.document}`,
          BEFORE[page] ?? '',
          ...blocks,
        ].join('\n'),
      );
      expect(stdout, page).not.toContain('"errors":');
    }
  },
);

/** A signed request of the sandbox, and its document. */
async function signedRequest(sandbox: string): Promise<{ readonly id: string; readonly document: string }> {
  const body = JSON.stringify({ requests: [{ status: 'SIGNED' }] });
  const seeded = await fetch(`http://${sandbox}/_sandbox/seed`, { method: 'POST', body });
  const { requests }: { requests: readonly { id: string }[] } = JSON.parse(await seeded.text());
  const id = requests[0]?.id ?? '';
  const read = await fetch(`http://${sandbox}/api/v1/sign/signature-requests/${id}`, {
    headers: { 'ocp-apim-subscription-key': 'any' },
  });
  const { documents }: { documents: readonly { id: string }[] } = JSON.parse(await read.text());
  return { id, document: documents[0]?.id ?? '' };
}

/** What the commands need besides the checkout: they run on free ports, and `npm` only starts the program. */
const SHELL = `npm() { case "$*" in start) exec node "$CHECKOUT/src/main.ts";; 'run sandbox') exec node "$CHECKOUT/src/main.ts" sandbox;; ci*) ;; *) return 1;; esac; }
`;

const starting = Object.keys(CHECKS).flatMap((page) =>
  commandsOf(page).flatMap((block) => {
    const [beginning, check] = entryOf(page, block) ?? [];
    return typeof check === 'object' && 'starts' in check
      ? [{ page, block, beginning, starts: check.starts }]
      : [];
  }),
);

test.skipIf(!hasTools).each(starting)('$page: the server starts by $beginning', async ({ block, starts }) => {
  if (block.startsWith('python3') && spawnSync('python3', ['--version']).status !== 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-docs-'));
  for (const name of ['examples', 'src', 'node_modules']) symlinkSync(resolve(name), join(folder, name));
  const key = join(folder, 'key');
  const adapted = block
    .replace('/run/secrets/firma-key', key)
    .replace('METRICS_PORT=9464', 'METRICS_PORT=0')
    .replace('http.server 5173', 'http.server 0');
  // Variables without a command are those of the gateway.
  const commands = /^(\w+=.*\n)+$/.test(adapted) ? `set -a\n${adapted}npm start\n` : adapted;
  const child = spawn('bash', ['-euo', 'pipefail', '-c', `printf key > ${key}\n${SHELL}${commands}`], {
    cwd: folder,
    env: {
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      CHECKOUT: process.cwd(),
      PORT: '0',
      SANDBOX_PORT: '0',
      PYTHONUNBUFFERED: '1',
    },
    // A group of its own, because bash may not be the only process.
    detached: true,
  });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await closed;
    rmSync(folder, { recursive: true });
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  await expect.poll(() => child.exitCode !== null || starts.test(output)).toBe(true);
  expect(output).toMatch(starts);
});
