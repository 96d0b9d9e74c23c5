/** An operation as it is sent: with its text, or with the id of its document. */
export interface Operation {
  readonly query?: string;
  readonly documentId?: string;
  readonly variables?: unknown;
}

/**
 * The body of an operation: JSON, or a multipart request if the variables contain files. A file that is used twice is sent once.
 *
 * It is a `Blob`, not `FormData`: its size is known before it is sent, and its files are not copied.
 *
 * See https://github.com/jaydenseric/graphql-multipart-request-spec
 */
export function bodyOf(operation: Operation): string | Blob {
  const paths = new Map<Blob, string[]>();
  const variables = withoutFiles(operation.variables, 'variables', paths);
  const operations = JSON.stringify({ ...operation, variables });
  if (paths.size === 0) return operations;
  const files = [...paths];
  const map = JSON.stringify(Object.fromEntries(files.map(([, places], index) => [index, places])));
  // Not `randomUUID`, which pages without HTTPS do not have.
  const boundary = `sigillo${crypto.getRandomValues(new Uint32Array(4)).join('')}`;
  const part = (header: string, content: string | Blob): (string | Blob)[] => [
    `--${boundary}\r\ncontent-disposition: form-data; ${header}\r\n\r\n`,
    content,
    '\r\n',
  ];
  const parts = files.flatMap(([file], index) => part(`name="${index}"; ${headerOf(file)}`, file));
  const fields = [...part('name="operations"', operations), ...part('name="map"', map)];
  return new Blob([...fields, ...parts, `--${boundary}--\r\n`], {
    type: `multipart/form-data; boundary=${boundary}`,
  });
}

function headerOf(file: Blob): string {
  const name = file instanceof File ? file.name : 'blob';
  // As browsers escape names: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data
  const escaped = name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
  return `filename="${escaped}"\r\ncontent-type: ${file.type || 'application/octet-stream'}`;
}

/** A copy with null in place of each file. @param paths receives the files with their paths */
export function withoutFiles(value: unknown, path: string, paths: Map<Blob, string[]>): unknown {
  if (value instanceof Blob) {
    paths.set(value, [...(paths.get(value) ?? []), path]);
    return null;
  }
  if (Array.isArray(value)) return value.map((item, index) => withoutFiles(item, `${path}.${index}`, paths));
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutFiles(item, `${path}.${key}`, paths)]));
}
