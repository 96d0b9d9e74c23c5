import type { DefaultTheme } from 'vitepress';
import { isItalian, italianOf, pages, siteOf, titleOf } from './pages.ts';

/** The order of all pages, by their English paths. */
const GROUPS: readonly { readonly en: string; readonly it: string; readonly pages: readonly string[] }[] = [
  {
    en: 'Start here',
    it: 'Per cominciare',
    pages: ['README.md', 'docs/guide/workbench.md', 'docs/guide/quick-start.md', 'docs/glossary.md'],
  },
  {
    en: 'Call the gateway',
    it: 'Chiamare il gateway',
    pages: [
      'docs/guide/signature-fields.md',
      'docs/guide/subscriptions.md',
      'docs/guide/signed-documents.md',
      'docs/guide/idempotency.md',
      'docs/guide/authentication.md',
      'docs/guide/webhooks.md',
      'docs/guide/client.md',
      'docs/guide/clients.md',
      'docs/guide/web-page.md',
      'docs/guide/library.md',
    ],
  },
  {
    en: 'Test without the service',
    it: 'Provare senza il servizio',
    pages: ['docs/guide/sandbox.md', 'docs/reference/sandbox-conformance.md'],
  },
  {
    en: 'Reference',
    it: 'Riferimento',
    pages: [
      'docs/reference/errors.md',
      'docs/reference/limits.md',
      'docs/reference/configuration.md',
      'docs/reference/logging.md',
    ],
  },
  {
    en: 'Run it',
    it: 'In produzione',
    pages: ['docs/operations.md', 'docs/security.md', 'docs/performance.md', 'docs/architecture.md'],
  },
];

const listed = GROUPS.flatMap((group) => group.pages);
const unlisted = pages.filter((page) => !isItalian(page) && !listed.includes(page));
if (unlisted.length > 0) throw new Error(`add to the groups of sidebar.ts: ${unlisted.join(', ')}`);

/** The sidebar of a language. A page without a translation is listed in English, and says so. */
export function sidebar(language: 'en' | 'it'): DefaultTheme.SidebarItem[] {
  return GROUPS.map((group) => ({
    text: group[language],
    items: group.pages.map((english) => {
      const translated = language === 'it' && pages.includes(italianOf(english));
      const page = translated ? italianOf(english) : english;
      const note = language === 'it' && !translated ? ' (in inglese)' : '';
      return { text: `${titleOf(page)}${note}`, link: `/${siteOf(page).replace(/(index)?\.md$/, '')}` };
    }),
  }));
}
