import { MultipartError, quoted } from './upload-errors.ts';

const EXAMPLE = '{"0": ["variables.input.file"]}';

/**
 * Checks that the map assigns each file to its own variable, by a path of own properties.
 *
 * graphql-upload-minimal also follows inherited properties, except `__proto__` and `constructor`. A path such as
 * `hasOwnProperty.call` would lead it to a global function, and a file assigned there would break every later request.
 * @throws {MultipartError}
 */
export function checkMap(map: unknown, operations: unknown, maxFiles: number): void {
  if (!isObject(map) || Array.isArray(map))
    throw new MultipartError(400, `The part map must be a JSON object such as ${EXAMPLE}.`);
  const entries = Object.entries(map);
  if (entries.length > maxFiles)
    throw new MultipartError(
      413,
      `The map has ${entries.length} files; a request may have at most ${maxFiles}. Send the files in several requests.`,
    );
  const taken = new Set<string>();
  for (const [name, paths] of entries) {
    const path = pathIn(name, paths);
    checkPath(name, path, operations);
    if (taken.has(path))
      throw new MultipartError(
        400,
        `The map assigns two files to ${quoted(path)}. Give each file its own variable.`,
      );
    taken.add(path);
  }
}

/** The only path of a file. A second variable would find no bytes, because files are not stored. */
function pathIn(name: string, paths: unknown): string {
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string'))
    throw new MultipartError(
      400,
      `The map must assign the file ${quoted(name)} a list with the path of its variable, as in ${EXAMPLE}.`,
    );
  const [path, ...others] = paths;
  if (path === undefined)
    throw new MultipartError(
      400,
      `The map assigns the file ${quoted(name)} to no variable. Send the path of a variable, as in ${EXAMPLE}.`,
    );
  if (others.length > 0)
    throw new MultipartError(
      400,
      `The map assigns the file ${quoted(name)} to several variables. Files are not stored: send it once for each variable.`,
    );
  return path;
}

function checkPath(name: string, path: string, operations: unknown): void {
  const start = Array.isArray(operations) ? /^\d+\.variables\./ : /^variables\./;
  if (!start.test(path))
    throw new MultipartError(
      400,
      `The map assigns the file ${quoted(name)} to ${quoted(path)}, which is not a variable. Paths begin with "variables.".`,
    );
  if (!isOwn(operations, path))
    throw new MultipartError(
      400,
      `The map assigns the file ${quoted(name)} to ${quoted(path)}, which operations does not contain. Set that variable to null.`,
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
  // The variable itself is null or absent.
  return isObject(parent) && (Object.hasOwn(parent, last) || !(last in parent));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
