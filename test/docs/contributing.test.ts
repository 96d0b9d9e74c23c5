import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { readPage } from './support-pages.ts';

const page = readPage('CONTRIBUTING.md');

/** Scripts that npm or another listed command runs. */
const NOT_LISTED = ['prepack', 'lint', 'format', 'format:check', 'typecheck'];

interface Packages {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Of which CONTRIBUTING names one package, and “others”. */
const SCOPES_WITH_OTHERS = ['@opentelemetry/', '@graphiql/', '@graphql-codegen/', '@kubernetes-models/'];

test('CONTRIBUTING lists exactly the commands of package.json', () => {
  const listed = [...page.text.matchAll(/^\| `npm (?:run )?([\w:-]+)`/gm)].map(([, name]) => name);
  const scripts = Object.keys(packageJson.scripts).filter((name) => !NOT_LISTED.includes(name));
  expect(listed.toSorted()).toEqual(scripts.toSorted());
});

test('CONTRIBUTING has the purpose of every dependency', () => {
  const purposes = page.section('Dependencies');
  const packages = globSync('{.,web,site,test/*,bench/*}/package.json').flatMap((file) => {
    const { dependencies, devDependencies }: Packages = JSON.parse(readFileSync(file, 'utf8'));
    return Object.keys({ ...dependencies, ...devDependencies });
  });
  const isNamed = (name: string): boolean =>
    purposes.includes(name) || SCOPES_WITH_OTHERS.some((scope) => name.startsWith(scope));
  expect(packages.length).toBeGreaterThan(90);
  expect(packages.filter((name) => !name.startsWith('@types/') && !isNamed(name))).toEqual([]);
});

test('CONTRIBUTING maps every folder of src and of the sandbox, and no folder that does not exist', () => {
  const mapped = [...page.section('Map').matchAll(/^\| (.+?) +\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
  );
  const folders = new Set(globSync('{src,mocks/sandbox}/**/*.ts').map((file) => dirname(file)));
  expect([...folders].filter((folder) => !mapped.includes(folder))).toEqual([]);
  expect(mapped.filter((path) => !existsSync(path))).toEqual([]);
});

test('every file that CONTRIBUTING names exists, except those of its example operation', () => {
  const paths = [...page.text.matchAll(/`((?:src|mocks|test|docs|scripts)\/[^`*]+)`/g)].map(
    ([, path = '']) => path,
  );
  expect(paths.filter((path) => !path.endsWith('/archive-dossier.ts') && !existsSync(path))).toEqual([]);
});

test('a mutation is named in the files that its walk lists, and in no other file of src, scripts and examples', () => {
  const walk = page.section('Add a mutation').split('Its tests:')[0] ?? '';
  const steps = [...walk.matchAll(/^\d\. (`.*?):/gm)].flatMap(([, paths = '']) =>
    [...paths.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
  );
  const naming = globSync('{src,scripts,examples}/**/*.{ts,graphql,json}').filter((file) =>
    /cancel-?signature-?request/i.test(`${file} ${readFileSync(file, 'utf8')}`),
  );
  expect(steps.filter((path) => !path.startsWith('docs/')).toSorted()).toEqual(naming.toSorted());
  expect(steps.length).toBeLessThanOrEqual(7);
});

test('an error has at most four files, and each of them names its code', () => {
  const files = [...page.section('Add an error').matchAll(/^\d\. `([^`]+)`/gm)].map(([, path = '']) => path);
  expect(files.length).toBeLessThanOrEqual(4);
  expect(files.filter((file) => !readFileSync(file, 'utf8').includes('ALREADY_NOTIFIED'))).toEqual([]);
});

test('the workflow has a job for each command of .ci/run', () => {
  const { jobs }: { jobs: Record<string, Job> } = parse(readFileSync('.github/workflows/ci.yml', 'utf8'));
  const inWorkflow = Object.values(jobs).flatMap(({ strategy, steps }) =>
    steps
      .flatMap(({ run = '' }) => commandsIn(run))
      .flatMap((command) => (command === '${{' ? (strategy?.matrix.command ?? []) : [command])),
  );
  expect(inWorkflow.toSorted()).toEqual(commandsIn(readFileSync('.ci/run', 'utf8')).toSorted());
});

interface Job {
  readonly strategy?: { readonly matrix: { readonly command: readonly string[] } };
  readonly steps: readonly { readonly run?: string }[];
}

/** Names of the npm scripts that a shell script runs. */
function commandsIn(script: string): string[] {
  return [...script.matchAll(/\bnpm (?:run )?(?!ci\b)(\S+)/g)].map(([, name = '']) => name);
}
