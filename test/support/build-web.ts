import { buildPages } from '../../src/pages/build-pages.ts';

/** Global setup of the tests in a browser: the pages are built once, before any test runs. */
export default buildPages;
