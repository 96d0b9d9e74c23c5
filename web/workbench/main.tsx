import 'bootstrap-italia/dist/css/bootstrap-italia.min.css';
import './workbench.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { SigilloContext } from '../../client/react.ts';
import { App } from './app.tsx';
import { client } from './gateway/client.ts';
import { LanguageProvider } from './language/language.tsx';
import { useSubject } from './subject.ts';

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

function ConnectedApp() {
  return (
    <SigilloContext.Provider value={useSubject(client)}>
      <App />
    </SigilloContext.Provider>
  );
}

const root = document.getElementById('app');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <LanguageProvider>
        <ConnectedApp />
      </LanguageProvider>
    </StrictMode>,
  );
