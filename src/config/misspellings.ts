import leven from 'leven';
import type { Environment } from './validators.ts';

/** Prefixes that no other program uses. */
const OURS = /^(?:FIRMA|SIGILLO)_/i;

/** Variables that Kubernetes sets for a service named `sigillo`, such as `SIGILLO_PORT_4000_TCP_ADDR`. */
const SERVICE_LINK = /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d|^SIGILLO_PORT$/;

/** Shorter names resemble many variables of other programs, such as `POST` and `SORT`: see `isSlip`. */
const MIN_LENGTH = 7;

const lettersOf = (name: string): string => name.toUpperCase().replaceAll('_', '');

/**
 * Warnings about variables that are probably meant for the gateway but unknown: one or two letters away from a name in
 * `known`, or with a prefix of Sigillo. All others belong to other programs.
 */
export function* misspellingsIn(env: Environment, known: readonly string[]): Generator<string> {
  for (const name of Object.keys(env)) {
    if (known.includes(name) || SERVICE_LINK.test(name)) continue;
    const isOurs = OURS.test(name);
    const nearest = nearestTo(lettersOf(name.replace(/^SIGILLO_/i, '')), known, isOurs);
    const unread = `${name} is not a variable of Sigillo`;
    if (nearest === undefined) {
      if (isOurs) yield unread;
    } else if (env[nearest] === undefined) {
      yield `${unread}: did you mean ${nearest}?`;
    }
  }
}

function nearestTo(letters: string, known: readonly string[], isOurs: boolean): string | undefined {
  if (!isOurs && letters.length < MIN_LENGTH) return known.find((other) => isSlip(letters, lettersOf(other)));
  const mostMistakes = isOurs ? letters.length / 2 : Math.min(2, Math.floor(letters.length / 6));
  const [nearest] = known
    .map((other) => ({ other, mistakes: leven(letters, lettersOf(other)) }))
    .filter(({ mistakes }) => mistakes <= mostMistakes)
    .toSorted((a, b) => a.mistakes - b.mistakes);
  return nearest?.other;
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
