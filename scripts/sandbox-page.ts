import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { parse } from 'yaml';
import { FLAGS } from '../mocks/sandbox/cli/cli-options.ts';
import { CONTROL_CONTRACT } from '../mocks/sandbox/http/contract.ts';
import { MAGIC_VALUES } from '../mocks/sandbox/model/scenarios.ts';
import type { MagicValue } from '../mocks/sandbox/model/scenarios.ts';
import { markdownTable } from './markdown-table.ts';

/** Path of the guide to the sandbox. */
export const SANDBOX_PAGE = 'docs/guide/sandbox.md';

/** A generated part: from `<!-- printed: flags -->` to `<!-- end -->`. */
const PRINTED = /(<!-- printed: (\S+) -->\n).*?(<!-- end -->)/gs;

const LANGUAGES: Readonly<Record<string, string>> = { '.ts': 'ts', '.mjs': 'js', '.js': 'js', '.sh': 'bash' };

/**
 * The page with up-to-date generated parts: the tables of flags, magic values and control calls, and the examples.
 * @throws Error for an unknown part
 */
export async function sandboxPage(page: string): Promise<string> {
  const filled = page.replace(
    PRINTED,
    (_, begin: string, part: string, end: string) => `${begin}\n${print(part)}\n\n${end}`,
  );
  return format(filled, { ...(await resolveConfig(SANDBOX_PAGE)), parser: 'markdown' });
}

function print(part: string): string {
  switch (part) {
    case 'flags':
      return markdownTable(
        ['flag', 'variable', 'meaning (default)'],
        FLAGS.map(({ flag, variable, text }) => [`\`${flag}\``, `\`${variable}\``, text]),
      );
    case 'fiscal-codes':
      return magicValues('fiscal code');
    case 'document-titles':
      return magicValues('document title');
    case 'dossier-titles':
      return magicValues('dossier title');
    case 'control-calls':
      return markdownTable(['call', 'summary'], controlCalls());
    default:
      return example(part);
  }
}

function magicValues(where: MagicValue['where']): string {
  const rows = MAGIC_VALUES.filter((value) => value.where === where);
  return markdownTable(
    [where, 'effect'],
    rows.map(({ value, effect }) => [`\`${value}\``, effect]),
  );
}

function controlCalls(): string[][] {
  // The cast: a test validates the document.
  const { paths } = parse(readFileSync(CONTROL_CONTRACT, 'utf8')) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly summary?: string }>>>>;
  };
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, { summary }]) =>
      summary === undefined
        ? []
        : [[`\`${method.toUpperCase()} /_sandbox${path === '/' ? '' : path}\``, summary]],
    ),
  );
}

function example(file: string): string {
  const language = LANGUAGES[extname(file)];
  if (language === undefined) throw new Error(`${SANDBOX_PAGE}: no generator for "${file}"`);
  return ['```' + language, readFileSync(file, 'utf8').trimEnd(), '```'].join('\n');
}
