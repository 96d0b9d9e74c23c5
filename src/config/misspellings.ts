import leven from 'leven';
import type { Environment } from './validators.ts';

/** The variables of the sandbox alone: one for each flag. The gateway reads the first. */
export const SANDBOX_VARIABLES = [
  'SANDBOX_PORT',
  'SANDBOX_HOST',
  'SANDBOX_TIME_SCALE',
  'SANDBOX_FROZEN_AT',
  'SANDBOX_SEED',
  'SANDBOX_PROFILE',
  'SANDBOX_STRICT',
  'SANDBOX_JSON',
  'SANDBOX_READY_FILE',
];

/** Prefixes that no other program uses. */
const OURS = /^(?:FIRMA|SIGILLO)_/i;

/** Variables that Kubernetes sets for a service named `sigillo`, such as `SIGILLO_PORT_4000_TCP_ADDR`. */
const SERVICE_LINK = /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d|^SIGILLO_PORT$/;

/** Shorter names resemble many variables of other programs, such as `POST` and `SORT`: see `isSlip`. */
const MIN_LENGTH = 7;

const lettersOf = (name: string): string => name.toUpperCase().replaceAll('_', '');

/**
 * Warnings about variables that are probably meant for the gateway but unknown: one or two letters away from a name in
 * `known` or of the sandbox, or with a prefix of Sigillo. All others belong to other programs.
 */
export function* misspellingsIn(env: Environment, known: readonly string[]): Generator<string> {
  const names = [...new Set([...known, ...SANDBOX_VARIABLES])];
  for (const name of unknownIn(env, names)) {
    const isOurs = OURS.test(name);
    const nearest = nearestTo(lettersOf(name.replace(/^SIGILLO_/i, '')), names, isOurs);
    if (nearest === undefined) {
      if (isOurs) yield `${name} is not a variable of Sigillo`;
    } else if (env[nearest] === undefined) {
      const reader = known.includes(nearest) ? '' : ', which only `npm run sandbox` reads';
      yield `${name} is not a variable of Sigillo: did you mean ${nearest}${reader}?`;
    }
  }
}

/** The same for `npm run sandbox`, whose environment may have the variables of the gateway too. */
export function* sandboxMisspellingsIn(env: Environment): Generator<string> {
  for (const name of unknownIn(env, [...SANDBOX_VARIABLES, 'SANDBOX_URL'])) {
    const nearest = nearestTo(lettersOf(name), SANDBOX_VARIABLES, false);
    if (nearest !== undefined && env[nearest] === undefined)
      yield `${name} is not a variable of the sandbox: did you mean ${nearest}?`;
  }
}

const unknownIn = (env: Environment, names: readonly string[]): string[] =>
  Object.keys(env).filter((name) => !names.includes(name) && !SERVICE_LINK.test(name));

function nearestTo(letters: string, known: readonly string[], isOurs: boolean): string | undefined {
  if (!isOurs && letters.length < MIN_LENGTH) return known.find((other) => isSlip(letters, lettersOf(other)));
  const mostMistakes = isOurs ? letters.length / 2 : Math.min(2, Math.floor(letters.length / 6));
  const [nearest] = known
    .map((other) => ({ other, mistakes: mistakesBetween(letters, lettersOf(other)) }))
    .filter(({ mistakes }) => mistakes <= mostMistakes)
    .toSorted((a, b) => a.mistakes - b.mistakes);
  return nearest?.other;
}

/** The Levenshtein distance, in which one swap of neighbours counts as one mistake. */
function mistakesBetween(letters: string, name: string): number {
  const mistakes = leven(letters, name);
  // A swap counts as two, so that it can only be among few mistakes.
  if (mistakes < 2 || mistakes > 3) return mistakes;
  return Math.min(mistakes, ...swapsOf(name).map((swapped) => 1 + leven(letters, swapped)));
}

/**
 * Whether `letters` is a short name with a letter too many, a letter too few, or two letters swapped: `AUTHH`, `PRT`, `HSOT`. The first
 * letter is correct, and a plural or another letter is another name: `OAUTH`, `HOSTS`, `POST`, `AUTO`.
 */
function isSlip(letters: string, name: string): boolean {
  if (letters[0] !== name[0] || letters === `${name}S` || Math.abs(letters.length - name.length) > 1)
    return false;
  if (letters.length !== name.length) return leven(letters, name) === 1;
  return letters !== name && swapsOf(name).includes(letters);
}

const swapsOf = (name: string): string[] =>
  [...name].slice(1).map((letter, at) => name.slice(0, at) + letter + name.charAt(at) + name.slice(at + 2));
