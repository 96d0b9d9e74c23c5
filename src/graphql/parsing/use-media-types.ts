import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';
import {
  acceptedOf,
  EVENTS_TYPE,
  FORM_TYPE,
  isUtf8,
  JSON_TYPE,
  mediaTypeOf,
  MULTIPART_TYPE,
} from '../../http/media-types.ts';

/** What Yoga makes answers of. The first for a client that accepts all of them alike. */
const ANSWERS = [JSON_TYPE, 'application/graphql-response+json', EVENTS_TYPE, 'multipart/mixed'];
const JSON_TYPES: ReadonlySet<string> = new Set([JSON_TYPE, 'application/graphql+json']);
const BYTE_ORDER_MARK = '\u{FEFF}';

/**
 * Writes `Content-Type` and `Accept` in the one form that Yoga compares them with, and refuses requests whose body or
 * `Accept` fits nothing here, in JSON and before anything is run: Yoga would answer without a body, and of `Accept` it
 * would find that out after a mutation has been run. It must come after the plugins that name parsers of their own, and
 * after authentication: that refusal comes first, in JSON too, whatever is accepted.
 */
export function useMediaTypes(): Plugin {
  const refusals = new WeakMap<Request, () => Error>();
  return {
    onRequest({ request }) {
      const refusal = normalize(request);
      if (refusal !== undefined) refusals.set(request, refusal);
    },

    onRequestParse({ request, requestParser, setRequestParser, fetchAPI }) {
      const refusal = refusals.get(request);
      if (refusal !== undefined) throw refusal();
      if (request.method !== 'POST') return;
      const type = request.headers.get('content-type') ?? '';
      if (requestParser === undefined) throw unsupported(type === '' ? NO_TYPE : UNKNOWN_TYPE);
      if (JSON_TYPES.has(type)) setRequestParser(readJson);
      if (type !== FORM_TYPE) return;
      setRequestParser(async (form) => {
        const { url, method, headers } = form;
        const body = withoutMark(await form.text());
        if (/^\s*[{[]/.test(body)) throw unsupported(NO_FORM);
        return requestParser(new fetchAPI.Request(url, { method, headers, body }));
      });
    },
  };
}

/** What is wrong with the headers, for when the caller is known. */
function normalize({ headers, method }: Request): (() => Error) | undefined {
  const accept = headers.get('accept');
  const answers = acceptedOf(accept, ANSWERS);
  if (accept !== null && accept !== '') headers.set('accept', answers.join(', ') || JSON_TYPE);
  if (answers.length === 0) return notAcceptable;
  if (method !== 'POST') return undefined;
  const mediaType = mediaTypeOf(headers.get('content-type'));
  // With its boundary a multipart body is for `useUploads`, which reads Node's headers: these are the same.
  if (mediaType.type !== '' && mediaType.type !== MULTIPART_TYPE) headers.set('content-type', mediaType.type);
  const packing = packedBy(headers);
  if (packing !== undefined) return () => packed(packing);
  return isUtf8(mediaType) ? undefined : () => unsupported(OTHER_CHARSET);
}

/** Headers of a compressed body, and what they hold for one that is not. */
const CODINGS = { 'Content-Encoding': /^\s*(identity)?\s*$/i, 'Transfer-Encoding': /^\s*(chunked)?\s*$/i };

/** The header that says that the body is compressed. Unpacking is left out: a few kilobytes can become gigabytes. */
const packedBy = (headers: Headers): string | undefined =>
  Object.entries(CODINGS).find(([name, plain]) =>
    (headers.get(name) ?? '').split(',').some((coding) => !plain.test(coding)),
  )?.[0];

/** As Yoga's parser of JSON, which fails at a byte order mark (RFC 8259, section 8.1, lets a parser ignore it). */
async function readJson(request: Request): Promise<object> {
  let body: unknown;
  try {
    body = JSON.parse(withoutMark(await request.text()));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw malformed('The body is not valid JSON.');
  }
  if (typeof body === 'object' && body !== null) return body;
  throw malformed('The body must be a JSON object with the operation as query.');
}

const withoutMark = (text: string): string => (text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);

const HOW = 'Send JSON with the header Content-Type: application/json.';
const NO_TYPE = `The request does not say of what type its body is. ${HOW}`;
const UNKNOWN_TYPE = `Bodies of this Content-Type are not taken. ${HOW} Files come as multipart/form-data.`;
/** As `curl -d` sends JSON. */
const NO_FORM = `The body is no form, though its Content-Type says so. ${HOW}`;
const OTHER_CHARSET =
  'The Content-Type names a charset other than UTF-8. Send the body in UTF-8, with charset=utf-8 or no charset.';

function unsupported(message: string, headers: Readonly<Record<string, string>> = {}): Error {
  return createGraphQLError(message, {
    extensions: { code: 'UNSUPPORTED_MEDIA_TYPE', http: { status: 415, headers } },
  });
}

const packed = (header: string): Error =>
  unsupported(
    `The ${header} of the body, such as gzip, is not supported. Send it uncompressed, without the header ${header}.`,
    { 'accept-encoding': 'identity' },
  );

function malformed(message: string): Error {
  return createGraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
}

function notAcceptable(): Error {
  return createGraphQLError(
    'Answers are JSON, and nothing was done for this request, whose Accept takes none: accept application/json.',
    { extensions: { code: 'NOT_ACCEPTABLE', http: { status: 406 } } },
  );
}
