import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { rolldown } from 'rolldown';
import type { InputOptions, OutputOptions } from 'rolldown';

const PDFJS_FILES = [
  'package.json',
  'LICENSE',
  'legacy/build/pdf.mjs',
  'legacy/build/pdf.worker.mjs',
  'cmaps',
  'standard_fonts',
];

/**
 * Puts Prism, pdf-lib and pdf.js into `packages/` of a built folder, and lets its files load them from there. A user of the
 * package would otherwise install 150 packages and 110 MB more: Prism has 140 dependencies, of which the modules that the
 * sandbox loads use a tenth; pdf-lib comes in four formats; pdf.js comes with a viewer and a native canvas.
 */
export async function bundlePackages(folder: string): Promise<void> {
  const packages = join(folder, 'packages');
  const prism = new Set<string>();
  for (const file of globSync(`${folder}/{src,mocks}/**/*.js`)) {
    const code = readFileSync(file, 'utf8');
    const to = (path: string): string => relative(dirname(file), join(packages, path)).replaceAll(sep, '/');
    const rewritten = code
      .replaceAll("'pdf-lib'", () => `'${to('pdf-lib/index.mjs')}'`)
      .replace(/'(pdfjs-dist\/[^']+)'/g, (_, path: string) => `'${to(path)}'`)
      .replace(/'(@stoplight\/prism-http\/[^']+)\.js'/g, (_, path: string) => {
        prism.add(path);
        return `'${to(`${path}.js`)}'`;
      });
    if (rewritten !== code) writeFileSync(file, rewritten);
  }
  await bundlePrism(packages, [...prism]);
  await bundle(
    { input: { index: 'pdf-lib/es/index.js' } },
    { dir: join(packages, 'pdf-lib'), format: 'esm', entryFileNames: '[name].mjs' },
  );
  for (const file of PDFJS_FILES)
    cpSync(join('node_modules/pdfjs-dist', file), join(packages, 'pdfjs-dist', file), { recursive: true });
}

async function bundlePrism(packages: string, modules: readonly string[]): Promise<void> {
  const dir = join(packages, '@stoplight');
  const options: InputOptions = {
    input: Object.fromEntries(modules.map((path) => [path.replace('@stoplight/', ''), `${path}.js`])),
    // The CommonJS files of jsonc-parser pass `require` on, which a bundler cannot follow.
    resolve: { alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' } },
    plugins: [
      {
        // This package uses `this` as `exports`, which rolldown recognizes only in files that also use `exports` or `require`.
        name: 'uri-template-lite',
        transform: (code, id) =>
          id.includes('uri-template-lite') ? code.replaceAll('this.URI', 'exports.URI') : null,
      },
    ],
  };
  await bundle(options, { dir, format: 'cjs', chunkFileNames: 'chunks/[name].js' });
  writeFileSync(join(dir, 'package.json'), '{ "type": "commonjs" }\n');
}

async function bundle(options: InputOptions, to: OutputOptions & { readonly dir: string }): Promise<void> {
  const bundled = await rolldown({ ...options, platform: 'node', logLevel: 'warn' });
  const { output } = await bundled.write({ ...to, minify: true });
  const sources = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  writeFileSync(join(to.dir, 'LICENSES.txt'), licensesOf(sources));
}

/** The licences of the packages that have these files, as most of them require in a copy. */
function licensesOf(files: readonly string[]): string {
  const marker = `${sep}node_modules${sep}`;
  const folders = files.flatMap((file) => {
    const at = file.lastIndexOf(marker);
    if (at < 0) return [];
    const [first = '', second = ''] = file.slice(at + marker.length).split(sep);
    return [file.slice(0, at + marker.length) + (first.startsWith('@') ? join(first, second) : first)];
  });
  const texts = [...new Set(folders)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const [file] = globSync(`${folder}/{LICENSE,LICENCE,license,COPYING}*`);
    const text = file === undefined ? `License: ${license}` : readFileSync(file, 'utf8');
    return `${name} ${version}\n\n${text.trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
