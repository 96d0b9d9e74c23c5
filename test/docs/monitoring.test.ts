import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { allMetrics } from '../support/all-metrics.ts';
import { CLOSED_LABELS } from '../support/closed-labels.ts';

const FOLDER = 'examples/monitoring';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly w: number };
  readonly targets?: readonly { readonly expr: string }[];
}
interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly labels: { readonly severity: string };
      readonly annotations: { readonly summary: string };
    }[];
  }[];
}

const dashboard: { readonly panels: readonly Panel[] } = JSON.parse(
  readFileSync(`${FOLDER}/grafana-dashboard.json`, 'utf8'),
);
const { groups }: Rules = parse(readFileSync(`${FOLDER}/alerts.yaml`, 'utf8'));
const alerts = groups.flatMap(({ rules }) => rules);
const queries: readonly (readonly [string, string])[] = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
  ...alerts.map(({ alert, expr }) => [alert, expr] as const),
];

const known = allMetrics();
/** Labels and metrics of Prometheus itself. */
const OUTER_LABELS = ['job', 'instance', 'le'];

test.each(queries)('%s uses only metrics and labels of the gateway', (_, expr) => {
  const selectors = [...expr.matchAll(/\b((?:sigillo|nodejs|process)_\w+|up)(?:\{([^}]*)\})?/g)];
  expect(selectors.length).toBeGreaterThan(0);
  const labels = new Set(OUTER_LABELS);
  for (const [, name = '', matchers = ''] of selectors) {
    if (name === 'up') continue;
    const metric = known.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    expect([...known.keys()]).toContain(metric);
    for (const label of known.get(metric) ?? []) labels.add(label);
    for (const [, label = '', operator, value = ''] of matchers.matchAll(/(\w+)(=~|!=|=)"([^"]*)"/g)) {
      expect([...OUTER_LABELS, ...(known.get(metric) ?? [])], `${metric}{${label}}`).toContain(label);
      if (OUTER_LABELS.includes(label)) continue;
      for (const one of operator === '=~' ? value.split('|') : [value])
        expect(CLOSED_LABELS[label], `${metric}{${label}="${one}"}`).toContain(one);
    }
  }
  for (const [, list = ''] of expr.matchAll(/\bby \(([^)]*)\)/g))
    for (const label of list.split(',')) expect([...labels]).toContain(label.trim());
  const depth = [...expr].reduce((sum, char) => sum + (char === '(' ? 1 : char === ')' ? -1 : 0), 0);
  expect(depth).toBe(0);
});

test('every metric of Sigillo is on the dashboard', () => {
  const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n');
  const missing = [...known.keys()].filter(
    (name) => name.startsWith('sigillo_') && !new RegExp(`\\b${name}(_bucket|_count|_sum)?\\b`).test(shown),
  );
  // The number of state changes of a circuit breaker is for ad-hoc queries only.
  expect(missing).toEqual(['sigillo_breaker_changes_total']);
});

test('panels have unique ids and fit on the page', () => {
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { gridPos, title } of dashboard.panels)
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
});

test('every alert has a severity and a description', () => {
  expect(alerts.length).toBeGreaterThan(10);
  for (const { alert, labels, annotations } of alerts) {
    expect(labels.severity, alert).toMatch(/^(warning|critical)$/);
    expect(annotations.summary, alert).toMatch(/\.$/);
  }
});

const { PROMTOOL = 'promtool' } = process.env;
const hasPromtool = spawnSync(PROMTOOL, ['--version']).status === 0;

test.skipIf(!hasPromtool)('Prometheus accepts the configuration and the rules', () => {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, ['check', 'config', `${FOLDER}/prometheus.yaml`]);
  expect(`${stdout}${stderr}`).toContain('SUCCESS');
  expect(status).toBe(0);
});
