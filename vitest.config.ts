import { defineConfig } from 'vitest/config';

const BROWSER = 'test/browser/**/*.test.ts';
const REDIS = 'test/redis/**/*.test.ts';
const FUZZ = 'test/fuzz/**/*.test.ts';
const NODE_VERSIONS = 'test/node-versions/**/*.test.ts';
const STORAGE = 'test/storage/**/*.test.ts';
const CLIENTS = 'test/clients/**/*.test.ts';
const GENERATED = 'test/generated/**/*.test.ts';
const DRAWING = 'test/drawing/**/*.test.ts';
const SITE = 'test/site/**/*.test.ts';
const DEPLOY = 'test/deploy/**/*.test.ts';
const IMAGES = 'test/images/**/*.test.ts';
const EXAMPLES = 'test/examples/**/*.test.ts';
const FAULTS = 'test/faults/**/*.test.ts';

export default defineConfig({
  // One copy of graphql: vitest would load its ES module beside the CommonJS one that Yoga and Pothos load.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    // A busy machine makes a test slow, never red: these end tests that hang, and no test waits for them.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
    // In CI a failed test runs once more: machines there stall for seconds. The report counts such tests as flaky.
    retry: process.env['CI'] === undefined ? 0 : 1,
    // Many tests wait for a timer or a socket: more files than cores run at the same time.
    maxWorkers: '150%',
    expect: { poll: { timeout: 60_000 } },
    // The pages are built once, or each gateway of a fresh checkout would build them.
    globalSetup: ['test/support/build-web.ts'],
    projects: [
      // `npm test`: what needs nothing but npm.
      {
        extends: true,
        test: {
          name: 'main',
          include: ['test/**/*.test.ts'],
          exclude: [
            BROWSER,
            REDIS,
            STORAGE,
            CLIENTS,
            GENERATED,
            DRAWING,
            SITE,
            DEPLOY,
            IMAGES,
            EXAMPLES,
            FUZZ,
            FAULTS,
            NODE_VERSIONS,
          ],
        },
      },
      // `npm run test:redis`: needs a redis-server.
      { extends: true, test: { name: 'redis', include: [REDIS] } },
      // `npm run test:storage`: needs Azurite, which the script installs.
      { extends: true, test: { name: 'storage', include: [STORAGE] } },
      // `npm run test:clients`: needs Apollo Client, urql and Relay, which the script installs.
      {
        extends: true,
        // One copy of React, for the hooks and for what renders them.
        resolve: {
          alias: [{ find: /^react$/, replacement: `${import.meta.dirname}/test/clients/node_modules/react` }],
        },
        test: { name: 'clients', include: [CLIENTS] },
      },
      // `npm run test:generated`: needs the generator of types, which the script installs.
      { extends: true, test: { name: 'generated', include: [GENERATED] } },
      // `npm run test:drawing`: needs a canvas for pdf.js, which the script installs.
      { extends: true, test: { name: 'drawing', include: [DRAWING] } },
      // `npm run test:deploy`: needs the schemas of Kubernetes and of compose files, which the script installs.
      { extends: true, test: { name: 'deploy', include: [DEPLOY] } },
      // `npm run test:examples`: needs Java, PHP, Python and their libraries from Debian.
      { extends: true, test: { name: 'examples', include: [EXAMPLES], testTimeout: 600_000 } },
      // `npm run test:images`: needs root, and buildah and mmdebstrap from Debian.
      { extends: true, test: { name: 'images', include: [IMAGES] } },
      // `npm run test:node-versions`: installs other versions of Node, and the package, from the registry.
      { extends: true, test: { name: 'node-versions', include: [NODE_VERSIONS] } },
      // `npm run test:fuzz`: takes minutes.
      { extends: true, test: { name: 'fuzz', include: [FUZZ], testTimeout: 600_000 } },
      // `npm run test:faults`: processes that are killed, and waits for deadlines.
      { extends: true, test: { name: 'faults', include: [FAULTS] } },
      // `npm run test:site`: needs a Chromium, and the documentation site, which the script builds, with what drives a browser.
      { extends: true, test: { name: 'site', include: [SITE] } },
      // `npm run test:browser`: needs a Chromium, and what drives it, which the script installs.
      { extends: true, test: { name: 'browser', include: [BROWSER] } },
    ],
  },
});
