import { readFileSync, readdirSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { RULE_DIFFERENCES, STATUS_DIFFERENCES } from '../mocks/sandbox/model/profile.ts';
import { STORAGE_CASES } from '../test/sandbox/storage-cases.ts';
import { NOT_IMITATED } from './not-imitated.ts';

// A test names the rules of the service that it proves in comments directly above it. A rule can span several lines:
//
//   // Conforms (Documents, service): A file that arrives after DRAFT is dropped without a trace.
//
// The brackets contain the chapter of the page and the source of the rule: 'service' (its public source code), 'manual',
// 'published document' or 'Azure'.

export const CONFORMANCE_PAGE = 'docs/reference/sandbox-conformance.md';
const TESTS = ['test/sandbox', 'test/storage'];
const MARK = /^Conforms \(([^,]+), (service|manual|published document|Azure)\): (.*)$/;

/** A rule and the test that proves it. */
export interface ConformanceRow {
  readonly chapter: string;
  readonly source: string;
  readonly rule: string;
  readonly file: string;
  /** The full title, including the enclosing groups. */
  readonly test: string;
}

/** The rules of all tests, by file. */
export function conformanceRows(): ConformanceRow[] {
  return TESTS.flatMap((folder) => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
    return files.sort().flatMap((name) => rowsOf(`${folder}/${name}`));
  });
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

/** The comments directly above a statement that begin with `Conforms (`, each joined to one line. */
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

/** The expected content of the conformance page. */
export async function conformancePage(): Promise<string> {
  const rows = conformanceRows();
  const chapters = [...new Set(CHAPTERS.concat(rows.map(({ chapter }) => chapter)))];
  const page = [
    '# Conformance of the sandbox',
    '',
    'Each line is a rule of Firma con IO that the sandbox follows, and the test that proves it. The source of a rule is the',
    'public source code of the running service ("service"), its manual ("manual"), its OpenAPI document ("published',
    'document") or the documentation of the cloud services that it uses ("Azure"). This page is generated from the tests by',
    '`npm run conformance:print`; do not edit it.',
    ...chapters.flatMap((chapter) => [
      '',
      `## ${chapter}`,
      '',
      ...table(
        ['Rule', 'Source', 'Test'],
        rows
          .filter((row) => row.chapter === chapter)
          .map(({ rule, source, file, test }) => [rule, source, `[${test}](../../${file})`]),
      ),
    ]),
    '',
    ...profileChapter(),
    ...storageChapter(),
    '## Not imitated',
    '',
    ...table(
      ['Behaviour', 'Reason'],
      NOT_IMITATED.map(({ what, why }) => [what, why]),
    ),
    '',
  ].join('\n');
  return format(page, { ...(await resolveConfig(CONFORMANCE_PAGE)), parser: 'markdown' });
}

function profileChapter(): string[] {
  return [
    '## The two profiles',
    '',
    'By default the sandbox behaves as the running service. With `--profile documented` it follows the published document',
    'where the two differ. An error with a different status keeps the text of the service. Test:',
    '[profiles.test.ts](../../test/sandbox/profiles.test.ts).',
    '',
    ...table(
      ['Operation', 'When', 'Implemented', 'Documented'],
      STATUS_DIFFERENCES.map(({ operationId, condition, implemented, documented }) => [
        `\`${operationId}\``,
        condition,
        String(implemented),
        String(documented),
      ]),
    ),
    '',
    ...table(
      ['Rule', 'Implemented', 'Documented', 'Source'],
      Object.values(RULE_DIFFERENCES).map(({ rule, implemented, documented, source }) => [
        rule,
        implemented,
        documented,
        source,
      ]),
    ),
    '',
  ];
}

function storageChapter(): string[] {
  return [
    '## Comparison of the storage with Azurite',
    '',
    "A test sends the same requests to the sandbox's storage and to Azurite, Microsoft's emulator. Where Azurite differs, the",
    'sandbox follows the documentation of Azure. Test:',
    '[conformance.test.ts](../../test/storage/conformance.test.ts).',
    '',
    ...table(
      ['Request', 'Response', 'Azurite'],
      STORAGE_CASES.map(({ what, answer, azurite }) => [
        what,
        answer,
        azurite === undefined ? 'the same' : `${azurite.answer}: ${azurite.why}`,
      ]),
    ),
    '',
  ];
}

/** The first chapters of the page, in order. Others follow. */
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
