import { globSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

type Scope = Readonly<Record<string, unknown>>;

/**
 * Renders the chart as `helm template` does. It knows the part of Helm's language that the chart uses: `if`, `range` over a map,
 * `add`, `quote`, `toJson` and values. It throws on anything else, because no package of Debian or npm has Helm.
 */
export function renderChart(chart: string, release: string, changed: Scope = {}): readonly unknown[] {
  const values = { ...parse(readFileSync(`${chart}/values.yaml`, 'utf8')), ...changed };
  return globSync(`${chart}/templates/*.yaml`)
    .toSorted()
    .map((file) => parse(render(readFileSync(file, 'utf8'), { Values: values, Release: { Name: release } })))
    .filter((manifest) => manifest !== null);
}

function render(template: string, scope: Scope): string {
  const trimmed = template.replaceAll(/\s*\{\{-/g, '{{').replaceAll(/-\}\}\s*/g, '}}');
  // Odd parts are actions.
  const parts = trimmed.split(/\{\{(.*?)\}\}/);
  const [text, next] = renderParts(parts, 0, scope);
  if (next < parts.length) throw new Error('A template has more ends than blocks');
  return text;
}

/** Renders up to the end of this block. Returns the text, and the index after the end. */
function renderParts(parts: readonly string[], from: number, scope: Scope): readonly [string, number] {
  let text = '';
  let at = from;
  while (at < parts.length) {
    const part = parts[at] ?? '';
    const action = part.trim();
    at += 1;
    if (at % 2 === 1) text += part;
    else if (action === 'end') return [text, at];
    else if (/^(if|range) /.test(action)) {
      const copies = scopesOf(action, scope).map((inner) => renderParts(parts, at, inner)[0]);
      at = renderParts(parts, at, { ...scope, skipped: true })[1];
      text += copies.join('');
    } else text += scope['skipped'] === true ? '' : String(evaluate(action, scope));
  }
  return [text, at];
}

/** The scopes for which the body of a block is rendered. */
function scopesOf(action: string, scope: Scope): readonly Scope[] {
  if (scope['skipped'] === true) return [];
  const [, condition] = /^if (\S+)$/.exec(action) ?? [];
  if (condition !== undefined) return evaluate(condition, scope) === true ? [scope] : [];
  const [, key = '', value = '', map = ''] = /^range (\$\w+), (\$\w+) := (\S+)$/.exec(action) ?? [];
  const entries = Object.entries(evaluate(map, scope) as Scope);
  return entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => ({ ...scope, [key]: k, [value]: v }));
}

function evaluate(expression: string, scope: Scope): unknown {
  const [piped = '', ...functions] = expression.split('|').map((step) => step.trim());
  const [name = '', ...words] = piped.split(/\s+/);
  const first =
    words.length === 0
      ? valueOf(name, scope)
      : call(
          name,
          words.map((word) => valueOf(word, scope)),
        );
  return functions.reduce((value: unknown, next) => call(next, [value]), first);
}

function valueOf(word: string, scope: Scope): unknown {
  if (/^\d+$/.test(word)) return Number(word);
  const names = word.startsWith('$') ? [word] : word.split('.').slice(1);
  const value = names.reduce((inner: unknown, name) => (inner as Scope | undefined)?.[name], scope);
  if (value === undefined) throw new Error(`The chart reads ${word}, which has no value`);
  return value;
}

function call(name: string, values: readonly unknown[]): unknown {
  if (name === 'quote') return JSON.stringify(String(values[0]));
  if (name === 'toJson') return JSON.stringify(values[0]);
  if (name === 'add') return values.reduce((sum: number, value) => sum + Number(value), 0);
  throw new Error(`The tests cannot render the function ${name} of Helm`);
}
