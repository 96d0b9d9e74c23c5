import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { ENDPOINT, explorerTabs } from './explorer.ts';

/** Without it phones scale down a desktop layout, and the media query of `STYLE` never matches. */
const VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1" />';

/**
 * Works around two faults of GraphiQL 5; test/browser checks whether they still exist.
 * - A tab that gets the focus jumps away from under the mouse, because it remembers a place from before the page had its
 *   width: the click never reaches it.
 * - On a phone two editors side by side leave no room for either.
 */
const STYLE = `
.graphiql-tab { transform: none !important; }
@media (max-width: 700px) {
  .graphiql-sidebar { display: none !important; }
  .graphiql-sessions { margin: 0 !important; border-radius: 0 !important; }
  .graphiql-logo { display: none; }
  #graphiql-session { flex-direction: column; }
}`;

/**
 * Runs before GraphiQL.
 * - GraphiQL keeps tabs, history and with them fiscal codes in `localStorage`, permanently and for everything that this origin
 *   ever serves. Here it gets the storage of the browser tab: a reload keeps the work, a new browser tab starts with the five
 *   steps, and closing it deletes everything.
 * - The first visit finds the steps there as if left by an earlier one. (`defaultTabs` would open the first without its
 *   variables.) A query in the page's address opens beside them.
 */
const PRELUDE = (tabs: string): string => `
Object.defineProperty(window, 'localStorage', { value: sessionStorage });
if (sessionStorage.getItem('graphiql:tabState') === null) {
  const address = location.origin + location.pathname;
  const tabs = ${tabs}.map(({ query, ...tab }) => ({ ...tab, query: query.replaceAll('${ENDPOINT}', address) }));
  sessionStorage.setItem('graphiql:tabState', JSON.stringify({ activeTabIndex: 0, tabs }));
  if (!new URLSearchParams(location.search).has('query')) {
    sessionStorage.setItem('graphiql:query', tabs[0].query);
    sessionStorage.setItem('graphiql:variables', tabs[0].variables);
  }
}`;

/** GraphiQL as one document with its scripts and styles, and a tab for each step. */
export function renderExplorer(): string {
  const tabs = explorerTabs().map(({ title, query, variables }, index) => ({
    id: `step-${index + 1}`,
    title,
    query,
    variables,
    headers: null,
    operationName: title,
    response: null,
  }));
  // Inside a script element `<` could end it.
  const json = JSON.stringify(tabs).replaceAll('<', String.raw`\u003c`);
  return renderGraphiQL({ title: 'Sigillo', defaultQuery: '', shouldPersistHeaders: false })
    .replace('<head>', () => `<head>${VIEWPORT}`)
    .replace('</style>', () => `${STYLE}</style>`)
    .replace('<script>', () => `<script>${PRELUDE(json)}`);
}
