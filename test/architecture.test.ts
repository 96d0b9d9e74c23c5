import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { cyclesIn, importsBelow, sourceFilesBelow } from '../scripts/import-graph.ts';
import type { Import } from '../scripts/import-graph.ts';
import { loadConfig } from '../src/config/load.ts';
import { schema } from '../src/schema/index.ts';

/** From the outside in: a file imports from its own layer and from those below, type imports included. */
const LAYERS = [
  ['main.ts'],
  ['gateway'],
  ['config'],
  ['observability/metrics'],
  ['graphql', 'pages'],
  ['schema'],
  ['http'],
  ['downloads'],
  ['resolvers'],
  ['webhooks'],
  ['watching'],
  ['uploads', 'inspection', 'idempotency'],
  ['auth'],
  ['upstream'],
  ['redis'],
  ['observability'],
  ['npm-parent.ts', 'version.ts'],
];

/** Packages that belong to other layers. */
const FORBIDDEN_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  http: ['@pothos/core', 'undici'],
  schema: ['undici', 'pino'],
  resolvers: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
  webhooks: ['@pothos/core', 'graphql', 'graphql-yoga'],
  watching: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
  uploads: ['@pothos/core', 'undici'],
  inspection: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
  downloads: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
  auth: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
  idempotency: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
  upstream: ['@pothos/core', 'graphql', 'graphql-yoga', 'graphql-upload-minimal'],
  observability: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
};

const imports = importsBelow('src');
const show = ({ from, to }: Import): string => `${from} -> ${to}`;

/** The layer of a file, by the longest folder that a layer names. -1 for none. */
function layerOf(file: string): number {
  for (let path = file; path !== 'src' && path !== '.'; path = dirname(path)) {
    const layer = LAYERS.findIndex((names) => names.some((name) => `src/${name}` === path));
    if (layer !== -1) return layer;
  }
  return -1;
}

test('every file of src belongs to a layer', () => {
  expect(sourceFilesBelow('src').filter((file) => layerOf(file) === -1)).toEqual([]);
});

test('every layer has files', () => {
  expect(LAYERS.flat().filter((name) => !existsSync(`src/${name}`))).toEqual([]);
});

test('CONTRIBUTING lists the layers in their order', () => {
  const [, list = ''] = /\n## Layers\n(.*?)\n## /s.exec(readFileSync('CONTRIBUTING.md', 'utf8')) ?? [];
  const rows = [...list.matchAll(/^\d+\. (`src.*)$/gm)].map(([, row = '']) =>
    [...row.matchAll(/`src\/([^`]+)`/g)].map(([, name]) => name),
  );
  expect(rows).toEqual(LAYERS);
});

test('imports in src lead from outer layers to inner ones', () => {
  const wrong = imports.filter(({ from, to }) => to.startsWith('src/') && layerOf(to) < layerOf(from));
  expect(wrong.map(show)).toEqual([]);
});

test.each(['src', 'mocks'])('no files of %s import one another in a cycle', (folder) => {
  expect(cyclesIn(importsBelow(folder))).toEqual([]);
});

test('each layer imports only the packages that belong to it', () => {
  const wrong = imports.filter(({ from, to }) => FORBIDDEN_PACKAGES[from.split('/')[1] ?? '']?.includes(to));
  expect(wrong.map(show)).toEqual([]);
});

test('src and mocks meet where an upstream is chosen and in the command only', () => {
  const crossing = [...imports, ...importsBelow('mocks')].filter(
    ({ from, to }) => /^(src|mocks)\//.test(to) && from.split('/')[0] !== to.split('/')[0],
  );
  expect([...new Set(crossing.map(({ from }) => from))]).toEqual([
    'src/gateway/choose-upstream.ts',
    'src/main.ts',
  ]);
});

/** The names of the settings in a part of the configuration, without those of the operator's files. */
function* settingsIn(part: object): Generator<string> {
  for (const [name, value] of Object.entries(part)) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) yield* settingsIn(value);
    else yield name;
  }
}

test('a setting has its default in src/config only', () => {
  const names = [...new Set(settingsIn(loadConfig({})))].join('|');
  const optional = new RegExp(`\\b(?:${names})\\?:`);
  const fallback = new RegExp(`\\b(?:${names})(?: = | \\?\\? |: )(?:[1-9]|'[\\d.]+')`);
  const others = sourceFilesBelow('src').filter((file) => !file.startsWith('src/config/'));
  const lines = others.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => [file, line]),
  );
  const repeated = lines.filter(([, line = '']) => optional.test(line) || fallback.test(line));
  expect(repeated).toEqual([]);
});

test('a mutation has files of one name in src/schema/mutations and src/resolvers/mutations', () => {
  const mutations = globSync('src/schema/mutations/*.ts').map((file) => basename(file));
  const missing = mutations.filter((name) => !existsSync(`src/resolvers/mutations/${name}`));
  expect(missing).toEqual([]);
});

/** Test files of a folder, without helpers, relative to the folder and without their ending. */
const testsBelow = (folder: string): string[] =>
  globSync(`test/${folder}/**/*.test.ts`).map((file) =>
    relative(`test/${folder}`, file).replace('.test.ts', ''),
  );

test('a test in test/unit has the folder and the name of its source file, or of a folder', () => {
  // Those of the sandbox are in test/unit/sandbox.
  const subjects = testsBelow('unit').map((name) => {
    const root = name.startsWith('sandbox/') ? 'mocks' : 'src';
    return join(root, dirname(name), basename(name).replace(/\..*/, ''));
  });
  expect(subjects.filter((path) => !existsSync(`${path}.ts`) && !existsSync(path))).toEqual([]);
});

test.each([
  ['mutations', schema.getMutationType()],
  ['queries', schema.getQueryType()],
  ['subscriptions', schema.getSubscriptionType()],
])('each file in test/%s has the name of a field, and each field has a file', (folder, type) => {
  const fields = Object.keys(type?.getFields() ?? {}).map(kebabCase);
  const files = testsBelow(folder).map((name) => name.replace(/\..*/, ''));
  expect([...new Set(files)].toSorted()).toEqual(fields.toSorted());
});

const kebabCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

test('metrics and the SDK of OpenTelemetry are loaded only when the configuration asks for them', () => {
  const users = imports.filter(({ to }) => /^prom-client$|^@opentelemetry\/(?!api$)/.test(to));
  expect(new Set(users.map(({ from }) => dirname(from)))).toEqual(
    new Set(['src/observability/metrics', 'src/observability/tracing']),
  );
  for (const entry of ['start-metrics.ts', 'start-tracing.ts']) {
    for (const { from } of imports.filter(({ to }) => to.endsWith(`/${entry}`))) {
      expect(readFileSync(from, 'utf8'), from).not.toMatch(new RegExp(`^import (?!type).*${entry}`, 'm'));
    }
  }
});
