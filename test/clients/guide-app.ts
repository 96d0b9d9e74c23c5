import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { expect } from 'vitest';

const PACKAGES = join(import.meta.dirname, 'node_modules');

export interface Block {
  readonly language: string;
  /** From a first line such as `// src/urql.ts`. */
  readonly file: string | undefined;
  readonly code: string;
}

/** The code blocks of a page, in their order. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```(\w+)\n(?:\/\/ (\S+\.\w+)\n)?(.*?)^```$/gms)].map(
    ([, language = '', file, code = '']) => ({ language, file, code }),
  );
}

/** The code blocks of docs/guide/clients.md. */
export const BLOCKS = blocksOf('docs/guide/clients.md');

/** A folder with the named files of docs/guide/clients.md, and the packages that they import. Remove it at the end. */
export function makeApp() {
  const folder = mkdtempSync(join(tmpdir(), 'sigillo-clients-'));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  write('package.json', '{ "type": "module" }');
  write('src/session.ts', "export const token = () => 'any';\n");
  for (const { file, code } of BLOCKS) if (file !== undefined) write(file, code);
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'sigillo'), { recursive: true });
  cpSync('schema.graphql', join(modules, 'sigillo/schema.graphql'));
  for (const name of readdirSync(PACKAGES)) symlinkSync(join(PACKAGES, name), join(modules, name));
  return {
    folder,
    remove: () => rmSync(folder, { recursive: true }),
    write,
    /** Runs a command in the folder. @throws its output, if it fails */
    run(command: string, ...args: string[]): void {
      try {
        execFileSync(command, args, { cwd: folder, stdio: 'pipe', encoding: 'utf8' });
      } catch (error) {
        const { stdout, stderr } = error as { stdout: string; stderr: string };
        expect.fail(`${command}: ${stdout}${stderr}`);
      }
    },
    /** Bundles a file of the app for a gateway, and imports it. */
    async load(file: string, url: string): Promise<unknown> {
      const bundle = await rolldown({
        input: `./${file}`,
        cwd: folder,
        // Packages stay outside of the bundle, so there is one copy of each.
        external: /^[\w@]/,
        plugins: [
          {
            name: 'gateway',
            transform: (code) => code.replaceAll("'/graphql'", JSON.stringify(url)),
          },
        ],
      });
      const output = join(folder, `${file}.${new URL(url).port}.mjs`);
      await bundle.write({ file: output });
      // Not `import()`, which Vitest replaces by one that resolves packages in another way.
      return createRequire(output)(output);
    },
  };
}
