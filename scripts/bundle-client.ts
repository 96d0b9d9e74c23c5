import { rolldown } from 'rolldown';

/**
 * Bundles `sigillo/client` with all operations into one ES module, for pages without a build step.
 *
 * node scripts/bundle-client.ts examples/web-page/sigillo-client.js
 */
export async function bundleClient(file: string): Promise<void> {
  const bundle = await rolldown({ input: 'client/index.ts', platform: 'browser', logLevel: 'warn' });
  await bundle.write({ file, minify: true });
}

const [, , file] = process.argv;
if (import.meta.main && file !== undefined) await bundleClient(file);
