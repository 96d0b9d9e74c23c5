import { pick, useGraphiQL } from '@graphiql/react';
import { useEffect } from 'react';
import { useStore } from 'zustand';
import { operationNameIn, useEditedDocument } from './edited-document.ts';
import { fillIds } from './ids.ts';
import { state } from './state.ts';

/** Scrolls the row of tabs to the open one, which may have been opened with the keyboard or by a link. Renders nothing. */
export function ShowOpenTab(): null {
  const activeTabIndex = useGraphiQL((page) => page.activeTabIndex);
  useEffect(() => {
    document.querySelector('.graphiql-tab-active')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [activeTabIndex]);
  return null;
}

/** Fills the variables of the open tab with the ids of earlier answers. Renders nothing. */
export function CarryIds(): null {
  const edited = useEditedDocument();
  const { variableEditor, activeTabIndex, operationName } = useGraphiQL(
    pick('variableEditor', 'activeTabIndex', 'operationName'),
  );
  const ids = useStore(state, (page) => page.ids);
  const schema = useStore(state, (page) => page.schema);
  useEffect(() => {
    if (variableEditor === undefined || edited === undefined || schema === undefined) return;
    const text = variableEditor.getValue();
    const filled = fillIds(text, schema, edited, operationNameIn(edited, operationName), ids);
    if (filled !== text) variableEditor.setValue(filled);
  }, [variableEditor, activeTabIndex, edited, operationName, schema, ids]);
  return null;
}

/**
 * GraphiQL's tabs are list items with the role of a tab, but the buttons are inside them, so a screen reader finds tabs that do
 * nothing. Without these attributes they are what they are: a list of buttons. Renders nothing.
 */
export function PlainTabs(): null {
  useEffect(() => {
    const list = document.querySelector('.graphiql-tabs');
    if (list === null) return undefined;
    const fix = (): void => {
      list.removeAttribute('role');
      for (const tab of list.querySelectorAll(':scope > li')) {
        tab.removeAttribute('role');
        tab.removeAttribute('aria-selected');
        const isOpen = tab.classList.contains('graphiql-tab-active');
        tab.querySelector('.graphiql-tab-button')?.setAttribute('aria-current', String(isOpen));
      }
    };
    fix();
    const observer = new MutationObserver(fix);
    observer.observe(list, {
      childList: true,
      subtree: true,
      attributeFilter: ['role', 'class', 'aria-selected'],
    });
    return () => observer.disconnect();
  }, []);
  return null;
}

/** The key Tab leaves an editor, as it leaves everything else: those who have no mouse would not get past it. Renders nothing. */
export function TabLeavesEditors(): null {
  const { queryEditor, variableEditor, headerEditor, responseEditor } = useGraphiQL(
    pick('queryEditor', 'variableEditor', 'headerEditor', 'responseEditor'),
  );
  useEffect(() => {
    for (const editor of [queryEditor, variableEditor, headerEditor, responseEditor])
      editor?.updateOptions({ tabFocusMode: true });
  }, [queryEditor, variableEditor, headerEditor, responseEditor]);
  return null;
}
