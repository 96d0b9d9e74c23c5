import { z } from 'zod';
import { rowsUnder } from '../support/errors-page.ts';
import type { WireAnswer } from './support-wire.ts';

/** The gateway violated a guarantee. */
export class VerdictError extends Error {
  override readonly name = 'VerdictError';
}

/** Codes of the service and its storage, which are healthy here, so these codes are faults of the gateway. */
const OUR_FAULTS = /^(INTERNAL_SERVER_ERROR|AUTHENTICATION_UNAVAILABLE|UPSTREAM_.*|STORAGE_.*)$/;

/** Codes that a caller can cause. */
const codesUnder = (heading: string): string[] =>
  rowsUnder(heading)
    .map(([code = '']) => code)
    .filter((code) => !OUR_FAULTS.test(code));
const CODES = new Set(codesUnder('At the top level'));
const PROBLEM_CODES = new Set([...CODES, ...codesUnder('For documents')]);

const errorRules = z.looseObject({ message: z.string(), extensions: z.looseObject({ code: z.string() }) });
const bodyRules = z.looseObject({ errors: z.array(errorRules).optional() });
const problemRules = z.looseObject({ status: z.number(), detail: z.string(), code: z.string() });

/** Patterns that no error may contain. */
const SECRETS: readonly [what: string, pattern: RegExp][] = [
  ['a stack', /\n\s+at .+:\d+/],
  ['a file path of the program', /node_modules|\/src\/|file:\/\//],
  ['a fiscal code', /[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]/i],
  [
    'an unmasked message',
    /Unexpected error|is not a function|Cannot (read|set) propert|undefined \(reading|ECONN|UND_ERR/,
  ],
];

/** Checks an answer against the documented codes and secrets.
 * @throws {VerdictError}
 */
export function judge({ status, headers, body }: WireAnswer, secrets: readonly string[]): void {
  const fail = (what: string): never => {
    throw new VerdictError(`${what}: ${status} ${body.slice(0, 2_000)}`);
  };
  if (status >= 500) fail('a fault of the gateway');
  if (body.includes('INTERNAL_SERVER_ERROR')) fail('a fault of the gateway');
  const all = `${[...headers].join('\n')}\n${body}`;
  for (const secret of secrets) if (all.includes(secret)) fail('a secret');
  if (body === '' || !/\bjson\b/.test(headers.get('content-type') ?? '')) return;
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return fail('no JSON');
  }
  const isProblem = headers.get('content-type') === 'application/problem+json';
  const { codes, reported } = isProblem ? problemIn(json) : errorsIn(json);
  if (codes === undefined) return fail('neither a GraphQL response nor a problem document');
  const known = isProblem ? PROBLEM_CODES : CODES;
  for (const code of codes)
    if (!known.has(code))
      fail(`the code ${code}, which is not expected here or not in docs/reference/errors.md`);
  const words = JSON.stringify(reported).replaceAll(String.raw`\n`, '\n');
  for (const [what, pattern] of SECRETS) if (pattern.test(words)) fail(what);
}

interface Reported {
  readonly codes: readonly string[] | undefined;
  readonly reported: unknown;
}

/** Without `data`, which may repeat any stored value. */
function errorsIn(json: unknown): Reported {
  const { data } = bodyRules.safeParse(json);
  const { errors = [] } = data ?? {};
  return { codes: data && errors.map(({ extensions }) => extensions.code), reported: errors };
}

function problemIn(json: unknown): Reported {
  const { data } = problemRules.safeParse(json);
  return { codes: data && [data.code], reported: json };
}
