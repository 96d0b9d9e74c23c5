/** A part of a multipart body. */
export interface Part {
  readonly type: string;
  readonly data: Buffer;
}

/** The content of a validate-document body. */
export interface FilesToValidate {
  readonly pdf: Buffer;
  readonly fields: Buffer | undefined;
  /** A description of content that the service ignores silently. Undefined if it reads everything. */
  readonly ignored: string | undefined;
}

/**
 * The PDF and its optional fields: the first two parts, in either order. Only a part whose type is exactly
 * application/json contains fields. Undefined if the service finds no files.
 */
export function filesToValidate(contentType: string | undefined, body: Buffer): FilesToValidate | undefined {
  const [first, second, ...more] = partsOf(contentType, body) ?? [];
  if (first?.type === JSON_TYPE && second?.type === PDF_TYPE) {
    return { pdf: second.data, fields: first.data, ignored: ignoredParts(more) };
  }
  if (first?.type !== PDF_TYPE) return undefined;
  if (second?.type === JSON_TYPE) {
    return { pdf: first.data, fields: second.data, ignored: ignoredParts(more) };
  }
  return { pdf: first.data, fields: undefined, ignored: second && ignoredFields(second) };
}

const PDF_TYPE = 'application/pdf';
const JSON_TYPE = 'application/json';

function ignoredFields({ type }: Part): string {
  return `fields were ignored: they are read from the second part alone, and only if its type is exactly "${JSON_TYPE}", not "${type}"`;
}

function ignoredParts(more: readonly Part[]): string | undefined {
  return more.length === 0 ? undefined : 'parts were ignored: only the first two are read';
}

/** The parts of a request as the service parses them. Undefined if it finds none. */
function partsOf(contentType = '', body: Buffer): Part[] | undefined {
  const boundary = boundaryOf(contentType);
  if (!contentType.includes('multipart/form-data') || boundary === '') return undefined;
  return parse(body, boundary);
}

/** The boundary as in parse-multipart 1.0.4, the parser of the service: quotes are kept and thus never match. */
function boundaryOf(contentType: string): string {
  const item = contentType.split(';').find((text) => text.includes('boundary'));
  return item === undefined ? '' : String(item.split('=')[1]).trim();
}

const CR = 0x0d;
const LF = 0x0a;

/**
 * The parts of a multipart body as parsed by parse-multipart 1.0.4. Undefined if it throws.
 *
 * It uses the first line after a boundary as Content-Disposition and the second as Content-Type, and drops the third.
 * With a third header line, the empty line thus becomes part of the data. The third value of the disposition must be
 * quoted (the filename). Names of parts are ignored.
 */
function parse(body: Buffer, boundary: string): Part[] | undefined {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const parts: Part[] = [];
  let restOfBoundary = { text: '', next: afterOpeningLine(body, delimiter) };
  for (;;) {
    const disposition = lineAt(body, restOfBoundary.next);
    const info = lineAt(body, disposition.next);
    const dropped = lineAt(body, info.next);
    const end = endOfDelimiter(body, dropped.next, delimiter);
    if (end === undefined) return parts;
    const type = info.text.split(':')[1]?.trim();
    if (type === undefined || !hasQuotedFilename(restOfBoundary.text + disposition.text)) return undefined;
    const data = body.subarray(dropped.next, end);
    parts.push({ type, data: data.subarray(0, data.length - delimiter.length - 1) });
    restOfBoundary = lineAt(body, end + 1);
  }
}

interface Line {
  /** The line without any CR or LF, including those that do not end a line. */
  readonly text: string;
  readonly next: number;
}

function lineAt(body: Buffer, position: number): Line {
  const found = body.indexOf('\r\n', position);
  const end = found === -1 ? body.length : found;
  const text = body.subarray(position, end).toString('latin1');
  return { text: text.replaceAll(/[\r\n]/g, ''), next: end + 2 };
}

/** The start of the first part. Preceding bytes are ignored. */
function afterOpeningLine(body: Buffer, delimiter: Buffer): number {
  let line = lineAt(body, 0);
  while (line.text !== delimiter.toString('latin1') && line.next < body.length)
    line = lineAt(body, line.next);
  return line.next;
}

/**
 * The end of the delimiter after a part. It is recognized at the beginning of a line, and within a line where the parser
 * has just cleared its buffer, which it does when the buffer exceeds the length of a delimiter.
 */
function endOfDelimiter(body: Buffer, start: number, delimiter: Buffer): number | undefined {
  let length = 0;
  let matches = true;
  for (let index = start; index < body.length; index += 1) {
    const byte = body[index];
    if (byte === LF && body[index - 1] === CR) {
      length = 0;
      matches = true;
    } else if (byte !== CR && byte !== LF) {
      matches &&= byte === delimiter[length];
      length += 1;
      if (matches && length === delimiter.length) return index;
      if (length > delimiter.length + 2) {
        length = 0;
        matches = true;
      }
    }
  }
  return undefined;
}

function hasQuotedFilename(disposition: string): boolean {
  const value = disposition.split(';')[2]?.split('=')[1]?.trim();
  if (value === undefined) return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
