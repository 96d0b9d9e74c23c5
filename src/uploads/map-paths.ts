import { MultipartError, quoted } from './multipart-error.ts';

const EXAMPLE = '{"0": ["variables.input.file"]}';

/**
 * Refuses a map that does not give each file to one variable of its own, by a path through what the client has sent.
 *
 * graphql-upload-minimal goes through inherited properties too, `__proto__` and `constructor` excepted. So a path such as
 * `hasOwnProperty.call` leads to a function of the whole process, and to put a file there breaks every request after it.
 * @throws {MultipartError}
 */
export function checkMap(map: unknown, operations: unknown, maxFiles: number): void {
  if (!isObject(map) || Array.isArray(map))
    throw new MultipartError(400, `The part map must be a JSON object such as ${EXAMPLE}.`);
  const entries = Object.entries(map);
  if (entries.length > maxFiles)
    throw new MultipartError(
      413,
      `The map has ${entries.length} files, and a request may have ${maxFiles}. Send the files in several requests.`,
    );
  const taken = new Set<string>();
  for (const [name, paths] of entries) {
    const path = pathIn(name, paths);
    checkPath(name, path, operations);
    if (taken.has(path))
      throw new MultipartError(
        400,
        `The map gives two files to ${quoted(path)}. Give each its own variable.`,
      );
    taken.add(path);
  }
}

/** The one place of a file: files are not kept, so that a second field would find nothing. */
function pathIn(name: string, paths: unknown): string {
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string'))
    throw new MultipartError(
      400,
      `The map must give the file ${quoted(name)} a list with the path of its variable, as in ${EXAMPLE}.`,
    );
  const [path, ...others] = paths;
  if (path === undefined)
    throw new MultipartError(400, `The map gives the file ${quoted(name)} to no variable, as in ${EXAMPLE}.`);
  if (others.length > 0)
    throw new MultipartError(
      400,
      `The map gives the file ${quoted(name)} to two variables. Files are not kept: send it once for each.`,
    );
  return path;
}

function checkPath(name: string, path: string, operations: unknown): void {
  const start = Array.isArray(operations) ? /^\d+\.variables\./ : /^variables\./;
  if (!start.test(path))
    throw new MultipartError(
      400,
      `The map gives the file ${quoted(name)} to ${quoted(path)}, which is no variable: paths begin with "variables.".`,
    );
  if (!isOwn(operations, path))
    throw new MultipartError(
      400,
      `The map gives the file ${quoted(name)} to ${quoted(path)}, which operations does not have. Put null in that place of its variables.`,
    );
}

function isOwn(root: unknown, path: string): boolean {
  const names = path.split('.');
  const last = names.pop() ?? '';
  let parent = root;
  for (const name of names) {
    if (!isObject(parent) || !Object.hasOwn(parent, name)) return false;
    parent = parent[name];
  }
  // The place itself is null, or left out.
  return isObject(parent) && (Object.hasOwn(parent, last) || !(last in parent));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
