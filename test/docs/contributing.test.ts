import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { readPage } from './support-pages.ts';

/** npm runs it on its own, or another command of the list does. */
const NOT_LISTED = ['prepack', 'lint', 'format', 'format:check', 'typecheck'];

test('CONTRIBUTING lists every command, and no other', () => {
  const listed = [...readPage('CONTRIBUTING.md').text.matchAll(/^\| `npm (?:run )?([\w:-]+)`/gm)].map(
    ([, name]) => name,
  );
  const scripts = Object.keys(packageJson.scripts).filter((name) => !NOT_LISTED.includes(name));
  expect(listed.toSorted()).toEqual(scripts.toSorted());
});
