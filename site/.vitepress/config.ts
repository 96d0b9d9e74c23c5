import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitepress';
import type { DefaultTheme, Plugin } from 'vitepress';
import { diagrams } from './diagrams.ts';
import { ROOT, pages, siteOf, untranslated } from './pages.ts';
import { REPOSITORY, repositoryLinks } from './repository-links.ts';
import { sidebar } from './sidebar.ts';

const icon = encodeURIComponent(readFileSync(`${ROOT}/web/favicon.svg`, 'utf8'));
const lastLink = (text: string): DefaultTheme.NavItem[] => [{ text, link: REPOSITORY }];
const editLink = (text: string): DefaultTheme.EditLink => ({
  pattern: `${REPOSITORY}/edit/main/:path`,
  text,
});

/** Labels of the default theme, whose own are English. */
const italian: DefaultTheme.Config = {
  nav: lastLink('Codice'),
  sidebar: sidebar('it'),
  outline: { level: [2, 3], label: 'In questa pagina' },
  editLink: editLink('Modifica questa pagina'),
  docFooter: { prev: 'Pagina precedente', next: 'Pagina successiva' },
  darkModeSwitchLabel: 'Aspetto',
  lightModeSwitchTitle: 'Passa al tema chiaro',
  darkModeSwitchTitle: 'Passa al tema scuro',
  sidebarMenuLabel: 'Menu',
  returnToTopLabel: 'Torna all’inizio',
  langMenuLabel: 'Cambia lingua',
  skipToContentLabel: 'Vai al contenuto',
  notFound: {
    title: 'Pagina non trovata',
    quote: 'L’indirizzo non corrisponde ad alcuna pagina.',
    linkLabel: 'Vai alla pagina iniziale',
    linkText: 'Pagina iniziale',
  },
};

const italianSearch: DefaultTheme.LocalSearchOptions['translations'] = {
  button: { buttonText: 'Cerca', buttonAriaLabel: 'Cerca' },
  modal: {
    displayDetails: 'Mostra i dettagli',
    resetButtonTitle: 'Cancella la ricerca',
    backButtonTitle: 'Chiudi la ricerca',
    noResultsText: 'Nessun risultato per',
    footer: {
      selectText: 'per scegliere',
      navigateText: 'per scorrere',
      closeText: 'per chiudere',
      selectKeyAriaLabel: 'Invio',
      navigateUpKeyAriaLabel: 'Freccia su',
      navigateDownKeyAriaLabel: 'Freccia giù',
      closeKeyAriaLabel: 'Esc',
    },
  },
};

/** As GitHub names the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

/** The pages are outside of this folder, where Vite finds no Vue. The build that renders them must not bundle it. */
const vueOfPages: Plugin = {
  name: 'vue-of-pages',
  enforce: 'pre',
  async resolveId(id, _importer, { ssr = false }) {
    if (!/^vue(?:\/server-renderer)?$/.test(id)) return null;
    if (ssr) return { id, external: true };
    return this.resolve(id, `${import.meta.dirname}/config.ts`, { skipSelf: true });
  },
};

/** The language menu leads to the translation of a page, or to the start page of the language if there is none. */
const languageMenu: Plugin = {
  name: 'language-menu',
  transform(code, id) {
    if (!id.endsWith('/theme-default/composables/langs.js')) return null;
    const rule = 'theme.value.i18nRouting !== false';
    if (!code.includes(rule))
      throw new Error('The language menu of VitePress has changed: adapt languageMenu');
    return code.replace(rule, `!${JSON.stringify(untranslated)}.includes(page.value.relativePath)`);
  },
};

export default defineConfig({
  title: 'Sigillo',
  description: 'A GraphQL gateway for Firma con IO, with a sandbox of the service',
  // Pages are read where they are: there is no second copy of a page.
  srcDir: ROOT,
  srcExclude: ['!(docs|README.md|README.it.md)/**'],
  rewrites: Object.fromEntries(pages.map((page) => [page, siteOf(page)])),
  // GitHub Pages serves a project in a folder, such as /sigillo/.
  base: process.env['SITE_BASE'] ?? '/',
  outDir: './dist',
  cacheDir: './node_modules/.cache/vitepress',
  vite: { plugins: [vueOfPages, languageMenu] },
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `data:image/svg+xml,${icon}` }]],
  // Addresses of a program that the reader starts.
  ignoreDeadLinks: 'localhostLinks',
  markdown: {
    // The anchors of GitHub, so that a link works in both places.
    anchor: { slugify: anchorOf },
    config: (md) => {
      md.use(repositoryLinks);
      md.use(diagrams);
    },
  },
  themeConfig: {
    search: {
      provider: 'local',
      options: {
        locales: { it: { translations: italianSearch } },
        // The index takes the language from the path in the repository, and would list README.it.md in English.
        _render: (text, env, md) => (env.relativePath === 'README.it.md' ? '' : md.render(text, env)),
      },
    },
    outline: { level: [2, 3] },
    externalLinkIcon: true,
  },
  locales: {
    root: {
      label: 'English',
      lang: 'en',
      themeConfig: {
        nav: lastLink('Repository'),
        sidebar: sidebar('en'),
        editLink: editLink('Edit this page'),
      },
    },
    it: {
      label: 'Italiano',
      lang: 'it',
      description: 'Un gateway GraphQL per Firma con IO, con una sandbox del servizio',
      themeConfig: italian,
    },
  },
});
