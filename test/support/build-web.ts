import { buildPages } from '../../src/pages/build-pages.ts';

/** Global setup: the pages are built once, before any test runs. */
export default buildPages;
