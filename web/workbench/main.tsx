import 'bootstrap-italia/dist/css/bootstrap-italia.min.css';
import './workbench.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Provider } from 'urql';
import { App } from './app.tsx';
import { client } from './gateway/client.ts';
import { LanguageProvider } from './language/language.tsx';

/** The style sheet draws the ring of the focus unless an element says that it has the focus from a click. */
let isPointer = false;
document.addEventListener('pointerdown', () => (isPointer = true), { capture: true });
document.addEventListener('keydown', () => (isPointer = false), { capture: true });
document.addEventListener('focusin', ({ target }) => {
  if (target instanceof HTMLElement) target.dataset['focusMouse'] = String(isPointer);
});
document.addEventListener('focusout', ({ target }) => {
  if (target instanceof HTMLElement) delete target.dataset['focusMouse'];
});

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
