import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Each page is a folder with an `index.html`; `scripts/build-web.ts` builds them. */
const PAGES = ['workbench', 'graphiql'];

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  worker: { format: 'es' },
  build: {
    rollupOptions: {
      input: Object.fromEntries(PAGES.map((page) => [page, `${import.meta.dirname}/${page}/index.html`])),
    },
    // The content security policy has no data: URIs for scripts and fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2_000,
  },
});
