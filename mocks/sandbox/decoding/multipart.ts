/** A part of a multipart body. */
export interface Part {
  readonly type: string;
  readonly data: Buffer;
}

const CRLF = Buffer.from('\r\n');

/**
 * The boundary as parse-multipart 1.0.4, the service's parser, finds it: quotes stay on and so never match.
 * Empty when there is none.
 */
export function boundaryOf(contentType: string | undefined): string {
  for (const item of (contentType ?? '').split(';')) {
    if (item.includes('boundary')) return (item.split('=')[1] ?? '').trim();
  }
  return '';
}

/**
 * The parts of a multipart body as parse-multipart 1.0.4 reads them, or undefined where it throws.
 *
 * It takes the first line after a boundary for Content-Disposition, the second for Content-Type and drops the third,
 * whatever they are: a third header line therefore shifts the empty line into the data. The disposition must have a
 * quoted value in third place, the filename. Names of parts do not matter.
 */
export function partsOf(body: Buffer, boundary: string): Part[] | undefined {
  if (boundary === '') return [];
  const delimiter = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  let position = afterOpeningLine(body, delimiter);
  while (position !== undefined) {
    const disposition = lineAt(body, position);
    const info = lineAt(body, disposition.next);
    const dropped = lineAt(body, info.next);
    const end = body.indexOf(Buffer.concat([CRLF, delimiter]), dropped.next - CRLF.length);
    if (end === -1) break;
    const type = info.text.split(':')[1]?.trim();
    if (type === undefined || !hasQuotedFilename(disposition.text)) return undefined;
    parts.push({ type, data: body.subarray(dropped.next, Math.max(end, dropped.next)) });
    // The rest of the boundary's line does not matter: after the last one ("--") there is nothing to find.
    const rest = body.indexOf(CRLF, end + CRLF.length);
    position = rest === -1 ? undefined : rest + CRLF.length;
  }
  return parts;
}

function afterOpeningLine(body: Buffer, delimiter: Buffer): number | undefined {
  let position = 0;
  while (position < body.length) {
    const end = body.indexOf(CRLF, position);
    if (end === -1) return undefined;
    if (body.subarray(position, end).equals(delimiter)) return end + CRLF.length;
    position = end + CRLF.length;
  }
  return undefined;
}

function lineAt(body: Buffer, position: number): { text: string; next: number } {
  const found = body.indexOf(CRLF, position);
  const end = found === -1 ? body.length : found;
  return { text: body.subarray(position, end).toString('latin1'), next: end + CRLF.length };
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
