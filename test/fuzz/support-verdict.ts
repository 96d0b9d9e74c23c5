import { z } from 'zod';
import { rowsUnder } from '../support/errors-page.ts';
import type { WireAnswer } from './support-wire.ts';

/** The gateway did what it must never do. */
export class VerdictError extends Error {
  override readonly name = 'VerdictError';
}

/** Codes that a caller can bring about; the service and its storage are well, so their faults are ours here. */
const CODES = new Set(
  rowsUnder('At the top level')
    .map(([code = '']) => code)
    .filter(
      (code) => code !== 'INTERNAL_SERVER_ERROR' && !/^UPSTREAM_|^AUTHENTICATION_UNAVAILABLE$/.test(code),
    ),
);

const bodyRules = z.looseObject({
  errors: z
    .array(z.looseObject({ message: z.string(), extensions: z.looseObject({ code: z.string() }) }))
    .optional(),
});

/** What no error may have in it, however it was brought about. */
const SECRETS: readonly [what: string, pattern: RegExp][] = [
  ['a stack', /\n\s+at .+:\d+/],
  ['a path of the program', /node_modules|\/src\/|file:\/\//],
  ['a fiscal code', /[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]/i],
  [
    'an unmasked message',
    /Unexpected error|is not a function|Cannot (read|set) propert|undefined \(reading|ECONN|UND_ERR/,
  ],
];

/**
 * Holds an answer against what a caller may be told.
 * @throws {VerdictError}
 */
export function judge({ status, headers, body }: WireAnswer, secrets: readonly string[]): void {
  const fail = (what: string): never => {
    throw new VerdictError(`${what}: ${status} ${body.slice(0, 2_000)}`);
  };
  if (status >= 500) fail('a fault of the gateway');
  if (body.includes('INTERNAL_SERVER_ERROR')) fail('a fault of the gateway');
  for (const secret of secrets) if (body.includes(secret)) fail('a secret');
  if (body === '' || !/\bjson\b/.test(headers.get('content-type') ?? '')) return;
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return fail('no JSON');
  }
  const { data, error } = bodyRules.safeParse(json);
  if (data === undefined) return fail(`no answer of GraphQL (${error.message})`);
  for (const { extensions } of data.errors ?? [])
    if (!CODES.has(extensions.code))
      fail(`a code that nobody may see here, or that docs/errors.md does not know`);
  // Data repeat what was stored, whatever that was.
  const errors = JSON.stringify(data.errors ?? []).replaceAll(String.raw`\n`, '\n');
  for (const [what, pattern] of SECRETS) if (pattern.test(errors)) fail(what);
}
