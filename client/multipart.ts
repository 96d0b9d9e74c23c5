/** An operation as it is sent. */
export interface Operation {
  readonly query: string;
  readonly variables: unknown;
}

/**
 * The body of an operation: JSON, or a multipart request if the variables contain files. A file that is used twice is sent once.
 *
 * See https://github.com/jaydenseric/graphql-multipart-request-spec
 */
export function multipartOf(operation: Operation): string | FormData {
  const paths = new Map<Blob, string[]>();
  const variables = withoutFiles(operation.variables, 'variables', paths);
  const operations = JSON.stringify({ ...operation, variables });
  if (paths.size === 0) return operations;
  const files = [...paths];
  const form = new FormData();
  form.append('operations', operations);
  form.append('map', JSON.stringify(Object.fromEntries(files.map(([, places], index) => [index, places]))));
  for (const [index, [file]] of files.entries()) form.append(String(index), file);
  return form;
}

/** A copy with null in place of each file, and the paths of the files. */
function withoutFiles(value: unknown, path: string, paths: Map<Blob, string[]>): unknown {
  if (value instanceof Blob) {
    paths.set(value, [...(paths.get(value) ?? []), path]);
    return null;
  }
  if (Array.isArray(value)) return value.map((item, index) => withoutFiles(item, `${path}.${index}`, paths));
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutFiles(item, `${path}.${key}`, paths)]));
}
