import 'bootstrap-italia/dist/css/bootstrap-italia.min.css';
import './workbench.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Provider } from 'urql';
import { App } from './app.tsx';
import { client } from './gateway/client.ts';
import { LanguageProvider } from './language/language.tsx';

const root = document.getElementById('app');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <LanguageProvider>
        <Provider value={client}>
          <App />
        </Provider>
      </LanguageProvider>
    </StrictMode>,
  );
