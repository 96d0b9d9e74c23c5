import 'bootstrap-italia/dist/css/bootstrap-italia.min.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

const root = document.getElementById('app');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <main>Sigillo</main>
    </StrictMode>,
  );
