import { steps } from './steps.ts';

/**
 * What GraphiQL stores, in the storage of the browser tab: a reload keeps the work, a new browser tab starts with the steps,
 * and closing it deletes everything. Headers are left out, because they may contain a token.
 */
export const storage = {
  get length() {
    return sessionStorage.length;
  },
  getItem: (key: string) => sessionStorage.getItem(key),
  removeItem: (key: string) => sessionStorage.removeItem(key),
  clear: () => sessionStorage.clear(),
  setItem(key: string, value: string) {
    if (key !== 'graphiql:headers') sessionStorage.setItem(key, withoutHeaders(value));
  },
};

function withoutHeaders(value: string): string {
  if (!value.startsWith('{')) return value;
  return JSON.stringify(JSON.parse(value), (name, member: unknown) =>
    name === 'headers' && typeof member === 'string' ? null : member,
  );
}

const KEY = { tabs: 'graphiql:tabState', query: 'graphiql:query', variables: 'graphiql:variables' };

interface Tabs {
  readonly activeTabIndex: number;
  readonly tabs: readonly { readonly query: string | null; readonly variables: string | null }[];
}

/**
 * The first visit finds the steps as if left by an earlier one: with GraphiQL's own `defaultTabs` the first would open without
 * its variables. GraphiQL opens an additional tab unless the stored text is that of a tab, so it becomes that of the active one.
 */
export function prepareStorage(): void {
  const stored = sessionStorage.getItem(KEY.tabs) ?? storeSteps();
  const isLinked = new URLSearchParams(location.search).has('query');
  // GraphiQL checks what it stored.
  const { tabs, activeTabIndex } = JSON.parse(stored) as Tabs;
  const active = isLinked ? undefined : tabs[activeTabIndex];
  sessionStorage.setItem(KEY.query, active?.query ?? '');
  sessionStorage.setItem(KEY.variables, active?.variables ?? '');
}

function storeSteps(): string {
  const tabs = steps().map((step, index) => ({
    id: `step-${index + 1}`,
    ...step,
    headers: null,
    operationName: step.title,
    response: null,
  }));
  const state = JSON.stringify({ activeTabIndex: 0, tabs });
  sessionStorage.setItem(KEY.tabs, state);
  // The pane is narrower than GraphiQL's default, and the operation wider.
  sessionStorage.setItem('graphiql:docExplorerFlex', '0.3');
  sessionStorage.setItem('graphiql:editorFlex', '1.2');
  return state;
}
