import leven from 'leven';
import type { Environment } from './validators.ts';

/** Prefixes that no other program uses. */
const OURS = /^(?:FIRMA|SIGILLO)_/i;

/** Variables that Kubernetes sets for a service named `sigillo`, such as `SIGILLO_PORT_4000_TCP_ADDR`. */
const SERVICE_LINK = /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d|^SIGILLO_PORT$/;

/** Shorter names resemble too many variables of other programs: `HOSTS`, `SORT`. */
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
    const letters = lettersOf(name.replace(/^SIGILLO_/i, ''));
    const mostMistakes = isOurs ? letters.length / 2 : Math.min(2, Math.floor(letters.length / 6));
    const [nearest] = known
      .map((other) => ({ other, mistakes: leven(letters, lettersOf(other)) }))
      .filter(({ mistakes }) => mistakes <= mostMistakes)
      .toSorted((a, b) => a.mistakes - b.mistakes);
    const unread = `${name} is not a variable of Sigillo`;
    if (nearest === undefined) {
      if (isOurs) yield unread;
    } else if ((isOurs || letters.length >= MIN_LENGTH) && env[nearest.other] === undefined) {
      yield `${unread}: did you mean ${nearest.other}?`;
    }
  }
}
