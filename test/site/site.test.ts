import { existsSync, globSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { startHttpStub } from '../support/http-stub.ts';
import { openPage } from '../browser/support-open-page.ts';
import { picture } from '../browser/support-picture.ts';

const SITE = 'site/dist';
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const REPOSITORY = packageJson.repository.url.replace(/^git\+(.*)\.git$/, '$1');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

const pages = globSync(['README.md', 'README.it.md', 'docs/**/*.md']);
/** The file of the site that shows a page. */
const builtOf = (page: string): string => {
  if (page === 'README.md') return `${SITE}/index.html`;
  return `${SITE}/${page === 'README.it.md' ? 'it/index' : page.slice('docs/'.length, -'.md'.length)}.html`;
};
const built = globSync(`${SITE}/**/*.html`);
const htmlOf = (file: string): string => readFileSync(file, 'utf8').replaceAll('&amp;', '&');
const attributesOf = (html: string, pattern: RegExp): string[] =>
  [...html.matchAll(pattern)].map(([, value = '']) => value);

test('the site has every page of the documentation, and no other', () => {
  expect(built.toSorted()).toEqual([...pages.map(builtOf), `${SITE}/404.html`].toSorted());
  for (const page of pages) {
    const title = /^# (.+)$/m.exec(readFileSync(page, 'utf8'))?.[1];
    expect(htmlOf(builtOf(page)), page).toContain(`${title} <a class="header-anchor"`);
  }
});

test('every link leads to a page and an anchor of the site, or to a file of the repository', () => {
  const ids = new Map(built.map((file) => [file, new Set(attributesOf(htmlOf(file), /\bid="([^"]+)"/g))]));
  const wrong: string[] = [];
  for (const file of built) {
    for (const href of attributesOf(htmlOf(file), /<a\b[^>]*?\bhref="([^"]+)"/g)) {
      const [, path] = href.startsWith(`${REPOSITORY}/`)
        ? (/\/(?:blob|tree|edit)\/main\/([^#]+)/.exec(href) ?? [])
        : [];
      if (path !== undefined && !existsSync(path)) wrong.push(`${file}: ${href}`);
      if (/^[a-z]+:/.test(href)) continue;
      const [address = '', anchor] = href.split('#');
      const target = address === '' ? file : join(SITE, address.replace(/\/$/, '/index.html'));
      const found = ids.get(target);
      if (found === undefined || (anchor !== undefined && !found.has(decodeURIComponent(anchor))))
        wrong.push(`${file}: ${href}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('pages load nothing from other origins', () => {
  for (const file of built) {
    const loaded = attributesOf(htmlOf(file), /<(?:script|img|link)\b[^>]*?\b(?:src|href)="([^"]+)"/g);
    expect(
      loaded.filter((address) => !/^(?:\/(?!\/)|data:)/.test(address)),
      file,
    ).toEqual([]);
    for (const address of loaded.filter((each) => each.startsWith('/')))
      expect(existsSync(join(SITE, address)), address).toBe(true);
  }
  const styles = globSync(`${SITE}/assets/*.css`).map((file) => readFileSync(file, 'utf8'));
  expect(
    styles.flatMap((style) => style.match(/@import[^;]*|url\(["']?(?:https?:)?\/\/[^)]*/g) ?? []),
  ).toEqual([]);
});

/** The site in a browser. */
async function openSite(viewport: { readonly width: number; readonly height: number }) {
  const { origin } = await startHttpStub(({ path }, res) => {
    const { pathname } = new URL(path, 'http://site');
    const file = join(SITE, decodeURIComponent(pathname).replace(/\/$/, '/index.html'));
    if (!existsSync(file)) res.writeHead(404).end();
    else
      res
        .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
        .end(readFileSync(file));
  });
  return { ...(await openPage(viewport)), origin };
}

test.each([
  ['English', '/', 'unresolved call', '/guide/idempotency.html'],
  ['Italian', '/it/', 'chiamata irrisolta', '/it/guide/idempotency.html'],
])('a search in %s finds a page of that language', async (language, start, term, found) => {
  const { page, problems, origins, origin } = await openSite(DESKTOP);
  await page.goto(`${origin}${start}`);
  await page.waitForSelector('.DocSearch-Button');
  await page.keyboard.press('/');
  await page.waitForSelector('#localsearch-input');
  await page.type('#localsearch-input', term);
  const links = (): Promise<(string | null)[]> =>
    page.$$eval('.VPLocalSearchBox .result', (results) => results.map((each) => each.getAttribute('href')));
  await expect.poll(async () => (await links()).join(' ')).toContain(found);
  const isItalian = (href: string | null): boolean => href?.startsWith('/it/') ?? false;
  expect((await links()).filter((href) => isItalian(href) !== (start === '/it/'))).toEqual([]);
  await picture(page, `site-search-${language}`);
  expect(origins).toEqual(new Set([origin]));
  expect(problems).toEqual([]);
});

test.each([DESKTOP, PHONE])('pages fit into $width pixels', async (viewport) => {
  const { page, problems, origins, origin } = await openSite(viewport);
  for (const path of ['/', '/architecture.html', '/it/guide/sandbox.html', '/reference/configuration.html']) {
    await page.goto(`${origin}${path}`);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), path).toBe(true);
    await picture(page, `site${path.replaceAll(/\W/g, '-')}-${viewport.width}`);
  }
  expect(origins).toEqual(new Set([origin]));
  expect(problems).toEqual([]);
});

test('the language menu leads to the translation, or to the start page of the language', () => {
  const linksOf = (file: string): string[] =>
    attributesOf(htmlOf(`${SITE}/${file}`), /<a\b[^>]*?\bhref="([^"]+)"/g);
  expect(linksOf('guide/sandbox.html')).toContain('/it/guide/sandbox.html');
  expect(linksOf('it/guide/sandbox.html')).toContain('/guide/sandbox.html');
  expect(linksOf('reference/errors.html')).toContain('/it/');
});
