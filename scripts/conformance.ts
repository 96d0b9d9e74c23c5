import { readFileSync, readdirSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { RULE_DEPARTURES, STATUS_DEPARTURES } from '../mocks/sandbox/model/profile.ts';
import { STORAGE_CASES } from '../test/sandbox/storage-cases.ts';
import { NOT_IMITATED } from './not-imitated.ts';

// A test says which rule of the service it proves in a comment right above it, one or more, each on as many lines as
// it needs:
//
//   // Conforms (Documents, service): A file that arrives after DRAFT is dropped without a trace.
//
// In brackets the chapter of the page and where the rule comes from: 'service' (its public source), 'manual',
// 'published document' or 'Azure'.

export const CONFORMANCE_PAGE = 'docs/reference/sandbox-conformance.md';
const TESTS = 'test/sandbox';
const MARK = /^Conforms \(([^,]+), (service|manual|published document|Azure)\): (.*)$/;

/** A rule and the test that proves it. */
export interface ConformanceRow {
  readonly chapter: string;
  readonly source: string;
  readonly rule: string;
  readonly file: string;
  /** With those of the groups around it. */
  readonly test: string;
}

/** All rules that tests say they prove, by file. */
export function conformanceRows(): ConformanceRow[] {
  return readdirSync(TESTS)
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .flatMap((name) => rowsOf(`${TESTS}/${name}`));
}

function rowsOf(file: string): ConformanceRow[] {
  const text = readFileSync(file, 'utf8');
  const rows: ConformanceRow[] = [];
  const visit = (node: ts.Node, groups: readonly string[]): void => {
    if (!ts.isExpressionStatement(node) || !ts.isCallExpression(node.expression)) {
      ts.forEachChild(node, (child) => visit(child, groups));
      return;
    }
    const [title] = node.expression.arguments;
    const path = title !== undefined && ts.isStringLiteralLike(title) ? [...groups, title.text] : groups;
    for (const comment of marksAbove(text, node)) {
      const [, chapter = '', source = '', rule = ''] = MARK.exec(comment) ?? [];
      if (rule === '') throw new Error(`${file}: cannot read "${comment}"`);
      rows.push({ chapter, source, rule, file, test: path.join(' › ') });
    }
    ts.forEachChild(node, (child) => visit(child, path));
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest), []);
  return rows;
}

/** The comments right above a statement that begin with the word, each joined to one line. */
function marksAbove(text: string, node: ts.Node): string[] {
  const lines = (ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []).map(({ pos, end }) =>
    text.slice(pos, end).replace(/^\/\/\s*/, ''),
  );
  const marks: string[] = [];
  for (const line of lines) {
    const last = marks.pop();
    if (line.startsWith('Conforms (')) marks.push(...(last === undefined ? [] : [last]), line);
    else if (last !== undefined) marks.push(`${last} ${line}`);
  }
  return marks;
}

/** The page about what is imitated, as it has to be. */
export async function conformancePage(): Promise<string> {
  const rows = conformanceRows();
  const chapters = [...new Set(CHAPTERS.concat(rows.map(({ chapter }) => chapter)))];
  const page = [
    '# What the sandbox imitates',
    '',
    'Printed by `npm run conformance:print` from the tests that prove each line; do not edit. "service" is a rule of the',
    'running service, known from its public source, "manual" of its manual, "published document" of its OpenAPI document,',
    '"Azure" of the cloud services that it is made of.',
    ...chapters.flatMap((chapter) => [
      '',
      `## ${chapter}`,
      '',
      ...table(
        ['Rule', 'From', 'Proven by'],
        rows
          .filter((row) => row.chapter === chapter)
          .map(({ rule, source, file, test }) => [rule, source, `[${test}](../../${file})`]),
      ),
    ]),
    '',
    '## The two profiles',
    '',
    'By default the sandbox answers as the running service. With `--profile documented` it answers as the published',
    'document has it where the two differ. An error that gets another status keeps the words of the service. Proven by',
    '[profiles.test.ts](../../test/sandbox/profiles.test.ts).',
    '',
    ...table(
      ['Operation', 'When', 'Implemented', 'Documented'],
      STATUS_DEPARTURES.map(({ operationId, occasion, implemented, documented }) => [
        `\`${operationId}\``,
        occasion,
        String(implemented),
        String(documented),
      ]),
    ),
    '',
    ...table(
      ['Rule', 'Implemented', 'Documented', 'From'],
      Object.values(RULE_DEPARTURES).map(({ rule, implemented, documented, source }) => [
        rule,
        implemented,
        documented,
        source,
      ]),
    ),
    '',
    '## The storage beside Azurite',
    '',
    "One test does the same to the sandbox's storage and to Azurite, Microsoft's emulator. Where Azurite differs, what Azure",
    'documents wins. Proven by [storage-conformance.test.ts](../../test/sandbox/storage-conformance.test.ts).',
    '',
    ...table(
      ['What', 'Answer', 'Azurite'],
      STORAGE_CASES.map(({ what, answer, azurite }) => [
        what,
        answer,
        azurite === undefined ? 'the same' : `${azurite.answer}: ${azurite.why}`,
      ]),
    ),
    '',
    '## Not imitated',
    '',
    ...table(
      ['What', 'Why'],
      NOT_IMITATED.map(({ what, why }) => [what, why]),
    ),
    '',
  ].join('\n');
  return format(page, { ...(await resolveConfig(CONFORMANCE_PAGE)), parser: 'markdown' });
}

/** In the order of the page; what is not listed comes after. */
const CHAPTERS = [
  'Keys and limits',
  'Errors',
  'Dossiers',
  'Signers',
  'Signature requests',
  'Documents',
  'validate-document',
  'Notification',
  'Signature',
  'Storage',
];

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/[<*]/g, '\\$&')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}
