import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** The importing file and the imported module of an import statement, `import()`, `import type` or `export … from`. */
export interface Import {
  readonly from: string;
  /** A path from the root of the repository, or the name of a package. */
  readonly to: string;
}

/** The TypeScript files below a folder, without the generated declarations. */
export const sourceFilesBelow = (folder: string): string[] =>
  globSync(`${folder}/**/*.ts`)
    .filter((file) => !file.endsWith('.d.ts'))
    .sort();

/** Every import of the files below a folder, type imports included. */
export const importsBelow = (folder: string): Import[] => sourceFilesBelow(folder).flatMap(importsOf);

function importsOf(file: string): Import[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'));
  return importedFiles.map(({ fileName }) => ({
    from: file,
    to: fileName.startsWith('.') ? join(dirname(file), fileName) : fileName,
  }));
}

/** Groups of files that import one another in a circle (strongly connected components, Tarjan 1972). */
export function cyclesIn(imports: readonly Import[]): string[][] {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): number => {
    const own = index.size;
    let lowest = own;
    index.set(file, own);
    stack.push(file);
    for (const { to } of targets.get(file) ?? []) {
      const seen = index.get(to);
      if (seen === undefined) lowest = Math.min(lowest, visit(to));
      else if (stack.includes(to)) lowest = Math.min(lowest, low.get(to) ?? seen);
    }
    low.set(file, lowest);
    if (lowest === own) {
      const group = stack.splice(stack.indexOf(file));
      const importsItself = (targets.get(file) ?? []).some(({ to }) => to === file);
      if (group.length > 1 || importsItself) cycles.push(group.sort());
    }
    return lowest;
  };
  for (const file of targets.keys()) if (!index.has(file)) visit(file);
  return cycles;
}
