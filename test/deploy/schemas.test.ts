import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Service } from 'kubernetes-models/v1/Service';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { renderChart } from './render-chart.ts';

const run = promisify(execFile);
const CHART = 'examples/deploy/helm';
const COMPOSE = 'examples/deploy/compose.yaml';
const MODULES = join(import.meta.dirname, 'node_modules');

const OPERATOR = '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
/** The class of each kind, which validates its JSON schema, and the module of its type. */
const KINDS = {
  Deployment: [Deployment, 'kubernetes-models/apps/v1'],
  NetworkPolicy: [NetworkPolicy, 'kubernetes-models/networking.k8s.io/v1'],
  PodDisruptionBudget: [PodDisruptionBudget, 'kubernetes-models/policy/v1'],
  Service: [Service, 'kubernetes-models/v1'],
  ServiceMonitor: [ServiceMonitor, OPERATOR],
} as const;

interface Manifest {
  readonly apiVersion: string;
  readonly kind: keyof typeof KINDS;
  readonly spec: object;
}
const manifests = renderChart(CHART, 'firma', { serviceMonitor: true }) as readonly Manifest[];

/** What TypeScript says of these manifests: the schemas of Kubernetes accept properties that do not exist. */
async function complaints(checked: readonly Manifest[]): Promise<string> {
  mkdirSync(MODULES, { recursive: true });
  const folder = mkdtempSync(join(MODULES, '.manifests-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lines = checked.map(
    (manifest, index) =>
      `import type { I${manifest.kind} } from '${KINDS[manifest.kind][1]}/${manifest.kind}';\n` +
      `export const manifest${index}: I${manifest.kind} = ${JSON.stringify(manifest)};\n`,
  );
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'manifests.ts'), lines.join(''));
  const options = [
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--strict',
    '--noEmit',
    '--skipLibCheck',
    '--ignoreConfig',
  ];
  const tsc = run(resolve('node_modules/.bin/tsc'), [...options, 'manifests.ts'], {
    cwd: folder,
  });
  return tsc.then(
    () => '',
    (failure: { readonly stdout: string }) => failure.stdout,
  );
}

test('the manifests of the chart follow the schemas of Kubernetes and of the Prometheus operator', () => {
  expect(manifests.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(KINDS));
  for (const manifest of manifests) {
    const Kind = KINDS[manifest.kind][0] as new (data: unknown) => {
      validate(): void;
      readonly apiVersion: string;
    };
    const model = new Kind(manifest);
    expect(() => model.validate(), manifest.kind).not.toThrow();
    expect(new Kind({}).apiVersion).toBe(manifest.apiVersion);
  }
});

test('the manifests have no property that Kubernetes does not know', async () => {
  expect(await complaints(manifests)).toBe('');
  const [deployment] = manifests;
  if (deployment === undefined) throw new Error('The chart has no manifest');
  const misspelled = { ...deployment, spec: { ...deployment.spec, replica: 2 } };
  expect(await complaints([misspelled])).toContain(`'"replica"' does not exist`);
});

test('a release without a ServiceMonitor has none', () => {
  const kinds = (renderChart(CHART, 'firma') as readonly Manifest[]).map(({ kind }) => kind);
  expect(kinds).not.toContain('ServiceMonitor');
});

test('the compose file follows the schema of the compose specification', async () => {
  const linter = join(MODULES, '.bin/dclint');
  await run(linter, ['--quiet', COMPOSE]);
  const folder = mkdtempSync(join(MODULES, '.compose-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const wrong = join(folder, 'compose.yaml');
  writeFileSync(wrong, readFileSync(COMPOSE, 'utf8').replace('read_only:', 'readonly:'));
  await expect(run(linter, ['--quiet', wrong])).rejects.toMatchObject({
    stdout: expect.stringContaining('must NOT have additional properties'),
  });
});
