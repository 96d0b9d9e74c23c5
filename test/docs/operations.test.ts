import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { variablesByArea } from '../../src/config/load.ts';
import { allMetrics } from '../support/all-metrics.ts';

const page = readFileSync('docs/operations.md', 'utf8');
const section = (heading: string): string => page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
/** Cells of the tables of a section, without padding and code marks. */
const rows = (heading: string): string[][] =>
  [...section(heading).matchAll(/^\|(.*)\|$/gm)]
    .slice(2)
    .map(([, row = '']) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')));

test('the page has exactly the metrics of the gateway, with their labels', () => {
  const metrics = [...allMetrics()]
    .filter(([name]) => name.startsWith('sigillo_'))
    .map(([name, labels]) => [name, labels.join(', ')]);
  const documented = rows('Watch')
    .filter(([name]) => name?.startsWith('sigillo_'))
    .map(([name, labels]) => [name, labels]);
  expect(documented.toSorted()).toEqual(metrics.toSorted());
});

test('the page has the alerts in their order', () => {
  const { groups }: { groups: readonly { rules: readonly { alert: string }[] }[] } = parse(
    readFileSync('examples/monitoring/alerts.yaml', 'utf8'),
  );
  expect(rows('Alerts').map(([name]) => name)).toEqual(
    groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)),
  );
});

test('the variables and files on the page exist', () => {
  const known = new Set(Object.values(variablesByArea).flatMap((variables) => Object.keys(variables)));
  const named = [...page.matchAll(/`([A-Z]+_[A-Z_]+)(?:=[^`]*)?`/g)].map(([, name = '']) => name);
  const codes = new Set(
    [...readFileSync('docs/reference/errors.md', 'utf8').matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code),
  );
  // Variables of Node and of OpenTelemetry.
  const others =
    /^(NODE_OPTIONS|NODE_EXTRA_CA_CERTS|ERR_TLS_CERT_ALTNAME_INVALID|OTEL_(EXPORTER_OTLP_HEADERS|SERVICE_NAME|RESOURCE_ATTRIBUTES|BSP_.*))$/;
  expect(named.filter((name) => !known.has(name) && !codes.has(name) && !others.test(name))).toEqual([]);
  for (const [, target = ''] of page.matchAll(/\]\((?!http|#)([^)#]+)[^)]*\)/g))
    expect(existsSync(`docs/${target}`), target).toBe(true);
});
