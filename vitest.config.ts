import { defineConfig } from 'vitest/config';

export default defineConfig({
  // One copy of graphql: vitest would load its ES module beside the CommonJS one that Yoga and Pothos load.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: { include: ['test/**/*.test.ts'], testTimeout: 20_000 },
});
