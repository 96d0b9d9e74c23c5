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
