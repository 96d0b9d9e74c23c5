import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

/** From the outside in: a file may import from its own layer and from those below. */
const LAYERS = [
  ['main.ts'],
  ['run-gateway.ts', 'npm-parent.ts'],
  ['gateway.ts', 'config.ts', 'secrets.ts'],
  ['gateway', 'config'],
  ['plugins', 'schema', 'explorer.ts', 'metrics'],
  ['downloads'],
  ['server'],
  ['resolvers'],
  ['context.ts'],
  ['webhooks'],
  ['live'],
  ['uploads', 'idempotency'],
  ['auth'],
  ['tracing'],
  ['upstream'],
  ['redis'],
  ['logging'],
  ['events.ts', 'queues.ts', 'version.ts'],
];
/** Knowledge that a layer must not have. */
const FORBIDDEN_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  schema: ['undici', 'pino'],
  resolvers: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
  webhooks: ['@pothos/core', 'graphql', 'graphql-yoga'],
  live: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
  uploads: ['@pothos/core', 'undici'],
  downloads: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
  auth: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
  idempotency: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
  upstream: ['@pothos/core', 'graphql', 'graphql-yoga', 'graphql-upload-minimal'],
  logging: ['@pothos/core', 'graphql', 'graphql-yoga', 'undici'],
};

interface Edge {
  readonly from: string;
  readonly to: string;
}

function importsBelow(folder: string): Edge[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?<!\.d)\.ts$/.test(name))
    .flatMap((name) => {
      const file = join(folder, name);
      const specifiers = readFileSync(file, 'utf8').matchAll(/(?:from|import|import\()\s*'([^']+)'/g);
      return [...specifiers].map(([, specifier = '']) => ({
        from: file,
        to: specifier.startsWith('.') ? join(dirname(file), specifier) : specifier,
      }));
    });
}

const partOf = (file: string): string => relative('src', file).split('/')[0] ?? '';
const layerOf = (file: string): number => LAYERS.findIndex((layer) => layer.includes(partOf(file)));
const show = ({ from, to }: Edge): string => `${from} -> ${to}`;

test('every file of src belongs to a layer', () => {
  const strays = readdirSync('src').filter((name) => layerOf(join('src', name)) === -1);
  expect(strays).toEqual([]);
});

test('imports in src point one way', () => {
  const wrong = importsBelow('src').filter(
    ({ from, to }) => to.startsWith('src/') && layerOf(to) < layerOf(from),
  );
  expect(wrong.map(show)).toEqual([]);
});

test('each layer knows only the packages that are its business', () => {
  const wrong = importsBelow('src').filter(({ from, to }) => FORBIDDEN_PACKAGES[partOf(from)]?.includes(to));
  expect(wrong.map(show)).toEqual([]);
});

test('src and mocks meet in the process entries alone', () => {
  const crossing = [...importsBelow('src'), ...importsBelow('mocks')].filter(
    ({ from, to }) => /^(src|mocks)\//.test(to) && from.split('/')[0] !== to.split('/')[0],
  );
  expect(crossing.map(({ from }) => from)).toEqual(['src/main.ts', 'src/gateway/run-gateway.ts']);
});

test('a mutation has a file of one name in schema, resolvers and test', () => {
  const names = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const resolvers = names('src/resolvers');
  const missing = names('src/schema/mutations').filter((name) => !resolvers.includes(name));
  expect(missing).toEqual(['idempotency-key.ts', 'wait-seconds.ts']);
});

test('what only some want is loaded when they do: metrics, and the SDK of OpenTelemetry', () => {
  const edges = importsBelow('src').filter(({ to }) => /^prom-client$|^@opentelemetry\/(?!api$)/.test(to));
  const users = new Set(edges.map(({ from }) => dirname(from)));
  expect(users).toEqual(new Set(['src/metrics', 'src/tracing']));
  for (const entry of ['start-metrics.ts', 'start-tracing.ts']) {
    const importers = importsBelow('src').filter(({ to }) => to.endsWith(`/${entry}`));
    for (const { from } of importers) {
      const source = readFileSync(from, 'utf8');
      expect(source, from).not.toMatch(new RegExp(`^import (?!type).*${entry}`, 'm'));
    }
  }
  const strays = importsBelow('src').filter(
    ({ from, to }) => to === 'src/observability/tracing/sampler.ts' && !from.endsWith('start-tracing.ts'),
  );
  expect(strays.map(show)).toEqual([]);
});
