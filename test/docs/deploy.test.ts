import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const builtRules = z.object({ build: z.object({ target: z.string() }) });
const composeRules = z.object({
  services: z.object({
    gateway: builtRules.extend({ environment: z.record(z.string(), z.string()) }),
    sandbox: builtRules,
  }),
});
const valuesRules = z.looseObject({ replicas: z.int(), env: z.record(z.string(), z.string()) });

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

const variables = new Set(
  [...readFileSync('docs/reference/configuration.md', 'utf8').matchAll(/^\| `([A-Z_]+)`/gm)].map(
    ([, name]) => name,
  ),
);

test('the compose file sets variables that exist, and builds targets that exist', () => {
  const compose = composeRules.parse(parse(readFileSync('examples/deploy/compose.yaml', 'utf8')));
  const { gateway, sandbox } = compose.services;
  expect(Object.keys(gateway.environment).filter((name) => !variables.has(name))).toEqual([]);
  const containerfile = readFileSync('Containerfile', 'utf8');
  for (const { build } of [gateway, sandbox])
    expect(containerfile).toMatch(new RegExp(` AS ${build.target}$`, 'm'));
});

const CHART = 'examples/deploy/helm';
const templates = globSync(`${CHART}/templates/*.yaml`).map((file) => readFileSync(file, 'utf8'));
const values = valuesRules.parse(parse(readFileSync(`${CHART}/values.yaml`, 'utf8')));

test('the Helm chart reads values that exist, and sets variables that exist', () => {
  const read = templates.flatMap((text) =>
    [...text.matchAll(/\.Values\.(\w+)/g)].map(([, name = '']) => name),
  );
  expect(new Set(read)).toEqual(new Set(Object.keys(values)));
  const set = templates.flatMap((text) =>
    [...text.matchAll(/name: ([A-Z][A-Z_]+),/g)].map(([, name = '']) => name),
  );
  expect([...set, ...Object.keys(values.env)].filter((name) => !variables.has(name))).toEqual([]);
});

test('the Helm chart has two replicas that share their state, probes, a disruption budget and a network policy', () => {
  expect(values.replicas).toBe(2);
  expect(values.env).toHaveProperty('REDIS_URL');
  const kinds = templates.map((text) => /^kind: (\w+)$/m.exec(text)?.[1]);
  expect(kinds.toSorted()).toEqual([
    'Deployment',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'Service',
    'ServiceMonitor',
  ]);
  const all = templates.join('\n');
  for (const path of ['/health', '/ready']) expect(all).toContain(`path: ${path},`);
  expect(all).toContain('readOnlyRootFilesystem: true');
});
