import { pathToFileURL } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';
import { documentsManifest } from '../scripts/documents-manifest.ts';

/** Each page is a folder with an `index.html`; `scripts/build-web.ts` builds them. */
const PAGES = ['workbench', 'graphiql'];

const OPERATIONS = `${import.meta.dirname}/workbench/gateway/operations.ts`;

/** Writes the manifest of the documents of the workbench, whose ids the gateway accepts when it serves the page. */
const workbenchDocuments: Plugin = {
  name: 'workbench-documents',
  async generateBundle() {
    // With another address Node loads the module again, for `--watch`.
    const operations: object = await import(`${pathToFileURL(OPERATIONS).href}?${Date.now()}`);
    const source = documentsManifest(operations);
    this.emitFile({ type: 'asset', fileName: 'workbench/documents.json', source });
  },
};

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), workbenchDocuments],
  // Without it `client/react.ts` would have the React of the repository.
  resolve: { dedupe: ['react'] },
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
