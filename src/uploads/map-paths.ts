import type { Writable } from 'node:stream';

/**
 * Lets the map of a multipart request past when each of its paths leads through what the client has sent, and fails the
 * parser with `refusal` when one does not.
 *
 * graphql-upload-minimal goes through inherited properties too, `__proto__` and `constructor` excepted. So a path such as
 * `hasOwnProperty.call` leads to a function of the whole process, and to put a file there breaks every request after it.
 */
export function guardMap(parser: Writable, refusal: () => Error): void {
  const [handle, ...others] = parser.listeners('field');
  if (handle === undefined || others.length > 0) throw new TypeError('the parser has another listener');
  let operations: unknown;
  parser.removeAllListeners('field');
  parser.on('field', (name: string, text: string, ...facts: unknown[]) => {
    const value = text.replace(/^\u{FEFF}/u, '');
    if (name === 'operations') operations = jsonOf(value);
    if (name === 'map' && !pathsIn(jsonOf(value)).every((path) => isOwn(operations, path)))
      parser.emit('error', refusal());
    else handle.call(parser, name, value, ...facts);
  });
}

/** Undefined for what is no JSON: the library says so. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whatever is no path, the library refuses. */
function pathsIn(map: unknown): string[] {
  const entries: unknown[] = typeof map === 'object' && map !== null ? Object.values(map) : [];
  return entries.flat().filter((path) => typeof path === 'string');
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
