import './workers/set-up.ts';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { CarryIds, PlainTabs, ShowOpenTab, TabLeavesEditors } from './tab-effects.ts';
import { EventList } from './event-list.tsx';
import { fetcher } from './fetcher.ts';
import { PANE } from './pane.tsx';
import { state } from './state.ts';
import { storage, prepareStorage } from './storage.ts';
import './style.css';

const PLUGINS = [PANE, HISTORY_PLUGIN];
/** On a phone the open pane would take the place of the operation. */
const isPhone = matchMedia('(max-width: 700px)').matches;
/** In variables `null` stands for a file. */
const FILES_ARE_NULL = { Upload: { type: 'null' as const } };
const address = new URLSearchParams(location.search);

prepareStorage();
const root = document.getElementById('app');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <GraphiQL
        fetcher={fetcher}
        storage={storage}
        plugins={PLUGINS}
        defaultQuery=""
        defaultEditorToolsVisibility
        shouldPersistHeaders={false}
        customScalarSchemas={FILES_ARE_NULL}
        onSchemaChange={(schema) => state.setState({ schema })}
        {...(!isPhone && { visiblePlugin: PANE.title })}
        {...(address.has('query') && { initialQuery: address.get('query') ?? '' })}
        {...(address.has('variables') && { initialVariables: address.get('variables') ?? '' })}
      >
        <GraphiQL.Logo>
          <h1 className="sigillo-logo">
            <a href="/">Sigillo</a>
          </h1>
        </GraphiQL.Logo>
        <GraphiQL.Footer>
          <EventList />
        </GraphiQL.Footer>
        <CarryIds />
        <ShowOpenTab />
        <PlainTabs />
        <TabLeavesEditors />
      </GraphiQL>
    </StrictMode>,
  );
