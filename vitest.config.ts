import { defineConfig } from 'vitest/config';

const BROWSER = 'test/browser/**/*.test.ts';
const REDIS = 'test/redis/**/*.test.ts';
const FUZZ = 'test/fuzz/**/*.test.ts';
const FAULTS = 'test/faults/**/*.test.ts';

export default defineConfig({
  // One copy of graphql: vitest would load its ES module beside the CommonJS one that Yoga and Pothos load.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    testTimeout: 20_000,
    expect: { poll: { timeout: 5_000 } },
    projects: [
      // `npm test`: what needs nothing but npm.
      {
        extends: true,
        test: { name: 'main', include: ['test/**/*.test.ts'], exclude: [BROWSER, REDIS, FUZZ, FAULTS] },
      },
      // `npm run test:redis`: needs a redis-server.
      { extends: true, test: { name: 'redis', include: [REDIS], testTimeout: 60_000 } },
      // `npm run test:fuzz`: takes minutes.
      { extends: true, test: { name: 'fuzz', include: [FUZZ], testTimeout: 600_000 } },
      // `npm run test:faults`: processes that are killed, and waits for deadlines.
      { extends: true, test: { name: 'faults', include: [FAULTS], testTimeout: 60_000 } },
      // `npm run test:browser`: needs a Chromium.
      { extends: true, test: { name: 'browser', include: [BROWSER], testTimeout: 60_000 } },
    ],
  },
});
