import type { CallOptions, UpstreamClient } from '../call.ts';
import { MultipartBody } from '../call.ts';
import { decodeDocumentValidation } from '../decode.ts';
import type { DocumentValidation } from '../decode.ts';
import type { components } from '../openapi.d.ts';

type Fields = readonly components['schemas']['SignatureField'][];

/**
 * `validateDocument`: checks a PDF, and optionally whether signature fields fit in it, without storing it.
 * The PDF is streamed; a chunk need not outlive the request for the next one. An unreadable PDF is a 500 with `detail: "Error"`, `"TypeError"` or `"RangeError"`, not a violation.
 * @throws {UpstreamError}
 */
export function validateDocument(
  client: UpstreamClient,
  { pdf, fields }: { readonly pdf: AsyncIterable<Uint8Array>; readonly fields?: Fields | undefined },
  options?: CallOptions,
): Promise<DocumentValidation> {
  const body = multipartOf(pdf, fields);
  const call = {
    operation: 'validateDocument',
    method: 'POST',
    effect: 'stream',
    answersInvalidInputWith500: true,
    path: '/validate-document',
    body,
    expect: [200],
  } as const;
  return client.call({ ...call, decode: decodeDocumentValidation }, options);
}

/*
 * The service identifies parts by their exact `Content-Type`, and reads a part only if it has exactly two header lines, of
 * which `Content-Disposition` with a quoted filename is the first. It refuses the output of multipart libraries that add a
 * line (`Content-Length`) or omit the filename, so this function writes the body. RFC 7578, section 4.
 */
function multipartOf(pdf: AsyncIterable<Uint8Array>, fields: Fields | undefined): MultipartBody {
  const boundary = `sigillo-${crypto.randomUUID()}`;
  const head = (name: string, filename: string, type: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`;
  const encoder = new TextEncoder();
  async function* chunks(): AsyncGenerator<Uint8Array> {
    if (fields !== undefined) {
      const part = head('fields', 'fields.json', 'application/json') + JSON.stringify(fields) + '\r\n';
      yield encoder.encode(part);
    }
    yield encoder.encode(head('document', 'document.pdf', 'application/pdf'));
    // Copies: undici requests the next chunk before it has sent the last one, which is valid only until then.
    for await (const chunk of pdf) yield Buffer.from(chunk);
    yield encoder.encode(`\r\n--${boundary}--\r\n`);
  }
  return new MultipartBody(`multipart/form-data; boundary=${boundary}`, chunks());
}
