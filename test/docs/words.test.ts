import { globSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { expect, test } from 'vitest';

/** An expression that hides its subject or has a standard term, in prose and in names. */
interface Replaced {
  /** Case is ignored. Names are also read as words: `killAndRetry` as `kill And Repeat`. */
  readonly not: string;
  readonly but: string;
  /** The files in which the word has no other meaning. @default all */
  readonly within?: RegExp;
}

const PIPELINE = /^(?:src|test\/unit)\/upstream\//;
const CODE = /^(?:src|mocks|client|web)\//;

const REPLACED: readonly Replaced[] = [
  {
    not: '(?:(?:no|some|any|every)body|whoever|someone|anyone)',
    but: 'the caller, the client or the operator, or the passive voice',
  },
  { not: 'calls? of the service', but: 'a call to the service, an upstream call' },
  { not: 'collaps(?:ed|ing) (?:reads?|calls?)|collapser', but: 'request coalescing' },
  {
    not: '(?:then|must|can|to) repeat (?:it|a|the)\\b|and repeat\\b|repeat(?:s|ed|ing)? (?:(?:a|the|an|each|failed) )+(?:call|request|mutation|read|operation|step)s?',
    but: 'retry',
  },
  { not: '(?:failed|lost|refused) \\w+ is repeated', but: 'retry' },
  { not: 'spares?\\b', but: 'reserve, extra, tolerated' },
  { not: '(?:places?|turns?)\\b', but: 'slot, queue position', within: PIPELINE },
  {
    not: '(?:(?:the|a|its|their) budgets?|budgets)\\b',
    but: '"rate budget" for the allowance of a key, "rate limiter" for what enforces it',
  },
  { not: 'calls? sorts?\\b|sorts? of calls?', but: 'effect (read or write)' },
  { not: '(?:keys|idempotency|idempotent)\\.once\\(', but: 'run once' },
  { not: 'deeds?\\b', but: 'idempotent operation' },
  { not: 'doubt|suspici|leftovers?', but: 'unresolved call, uncertain' },
  {
    not: 'visible (?:to|for)\\b|(?:assert|check|require|ensure) visible',
    but: 'authorize access, accessible',
  },
  { not: 'note action|nudg|hurr(?:y|ied)|glances?', but: 'invalidate, poll now, read' },
  { not: '(?:a|each|every) look\\b|looks? ?[(:]|observed|taps?\\(', but: 'read, search, record' },
  { not: 'shel(?:f|ves)\\b', but: 'spill buffer' },
  { not: 'front ?door', but: 'gatekeeper' },
  {
    not: '(?:(?:const|let|is|readonly) )?#?(?:ending|closing)(?: =|:|\\.\\w|\\()',
    but: 'shutdown, draining',
    within: CODE,
  },
  {
    not: '(?:forms|keeping|weaknesses|observing|serving)\\.ts|weakness',
    but: 'validators, persistence, warnings, observability, server',
  },
  { not: 'upload ?addresse?s?\\b|addresses? (?:of|for) (?:the|an) upload', but: 'pre-signed upload URL' },
  { not: 'mend(?:s|ed|ing)?\\b', but: 'fix, repair' },
  { not: 'shares? of (?:the )?requests', but: 'per-caller rate limit' },
  { not: 'a word on\\b', but: '`AUTH` must be set' },
  { not: 'signs? of life', but: 'heartbeat' },
  { not: 'takes? the citizen', but: 'opens the request in the IO app' },
  { not: 'the way (?:in|out)\\b(?! which)|way in and out', but: 'server, shutdown' },
  {
    not: 'what to do\\.|how to go on|what (?:\\w+ ){1,4}(?:takes|answers with)\\b|(?-i:The request\\.)(?! )',
    but: 'a description with meaning, unit, limit, and when the value is null',
  },
];

const FILES = globSync(
  [
    '*.md',
    'llms.txt',
    'schema.graphql',
    '{docs,examples}/**/*',
    '{src,mocks,test,bench,scripts,web,client}/**/*.{ts,tsx,js,yaml,css,html,md}',
  ],
  {
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      // What the commands of the examples write.
      '**/{__pycache__,.pytest_cache,build}/**',
      'examples/web-page/sigillo-client.js',
      'docs/images/**',
      'docs/it/**',
      'README.it.md',
      'test/docs/words.test.ts',
    ],
    withFileTypes: true,
  },
)
  .filter((entry) => entry.isFile())
  .map((entry) => relative('.', `${entry.parentPath}/${entry.name}`));

/** Names as words: `isVisible` is `is Visible`, `over-budget` is `over budget`. */
const asWords = (text: string): string =>
  text.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll(/(?<=\w)[-_](?=\w)/g, ' ');

const LINES = FILES.flatMap((file) =>
  [file, ...readFileSync(file, 'utf8').split('\n')].map((text, index) => ({ file, index, text })),
);

const patternOf = ({ not }: Replaced): RegExp => new RegExp(`\\b(?:${not})`, 'i');
const has = (pattern: RegExp, text: string): boolean => pattern.test(text) || pattern.test(asWords(text));

test.each(REPLACED)('no other expression is used for: $but', (replaced) => {
  const pattern = patternOf(replaced);
  const found = LINES.filter(({ file, text }) => (replaced.within?.test(file) ?? true) && has(pattern, text));
  expect(found.map(({ file, index, text }) => `${file}:${index}: ${text.trim()}`)).toEqual([]);
});

test.each([
  'a call of the service',
  'collapsedReads',
  'it must repeat the call',
  'killAndRepeat',
  'no place in the queue',
  'spareSlots',
  'in its turn',
  'the budget is used up',
  'callSort',
  'deedOf(key)',
  'keys.once(key)',
  'inDoubt',
  'suspicionOf',
  'a leftover',
  'assertVisible(id)',
  'noteAction',
  'nudge()',
  'hurried',
  'at a glance',
  'a look at the request',
  'observedCall',
  'tap(stream)',
  'shelf',
  'frontDoor',
  'readonly #closing = 1',
  'const ending = 1',
  './weaknesses.ts',
  'uploadAddress',
  'after mending',
  'a share of requests',
  'a word on `AUTH`',
  'whoever asks, nobody knows',
  'what markReady takes',
  'What to do.',
  'How to go on.',
  "description: 'The request.'",
  'takes the citizen to the signature',
  'a sign of life',
  'the way in and out',
])('the word list finds "%s"', (text) => {
  expect(REPLACED.some((replaced) => has(patternOf(replaced), text))).toBe(true);
});
