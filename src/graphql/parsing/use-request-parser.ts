import type { Plugin } from 'graphql-yoga';
import { RefusalError } from '../../http/error-response.ts';
import {
  acceptedOf,
  EVENTS_TYPE,
  FORM_TYPE,
  isUtf8,
  JSON_TYPE,
  mediaTypeOf,
  MULTIPART_TYPE,
} from '../../http/media-types.ts';
import { readBody } from './read-body.ts';

export interface RequestParserOptions {
  /** The limit of a body without files. */
  readonly maxBytes: number;
  /** The time in which the whole body must arrive, in milliseconds. */
  readonly bodyMs: number;
  /** Whether URLs and forms may name a trusted document. JSON bodies need no support. */
  readonly documentIds: boolean;
}

/** The parameter of GraphQL over HTTP that names a document. */
export const DOCUMENT_ID = 'documentId';

/** The media types of Yoga's answers. The first is for a client that accepts all of them alike. */
const ANSWERS = [JSON_TYPE, 'application/graphql-response+json', EVENTS_TYPE, 'multipart/mixed'];

type TextParser = (text: string) => object;

/**
 * Parses requests, one parser for each media type, and normalizes `Content-Type` and `Accept` to the form that Yoga
 * compares. It refuses a body or an `Accept` that it does not support in JSON and before anything runs: Yoga would send no
 * body, and would refuse an `Accept` only after a mutation has run. Multipart requests have their own parser, limits and
 * timeouts; see `useUploads`.
 */
export function useRequestParser({ maxBytes, bodyMs, documentIds }: RequestParserOptions): Plugin {
  const refusals = new WeakMap<Request, RefusalError>();
  const parseParameters: TextParser = (text) => parametersOf(new URLSearchParams(text), documentIds);
  const parsers = new Map<string, TextParser>([
    [JSON_TYPE, parseJson],
    ['application/graphql+json', parseJson],
    ['application/graphql', (query: string) => ({ query })],
    [
      FORM_TYPE,
      (text: string) => {
        // As `curl -d` sends JSON.
        if (/^\s*[{[]/.test(text)) throw unsupported(NOT_A_FORM);
        return parseParameters(text);
      },
    ],
  ]);

  return {
    onRequest({ request }) {
      const refusal = normalize(request);
      if (refusal !== undefined) refusals.set(request, refusal);
    },

    onRequestParse({ request, url, requestParser: earlier, setRequestParser }) {
      // Here, because an unauthenticated client must not learn it.
      const refusal = refusals.get(request);
      if (refusal !== undefined) throw refusal;
      if (request.method === 'GET') setRequestParser(() => parseParameters(url.search));
      if (request.method !== 'POST') return;
      const type = request.headers.get('content-type') ?? '';
      if (mediaTypeOf(type).type === MULTIPART_TYPE && earlier !== undefined)
        return setRequestParser((multipart) => whole(async () => earlier(multipart)));
      const parse = parsers.get(type);
      if (parse === undefined) throw unsupported(type === '' ? NO_TYPE : UNKNOWN_TYPE);
      const read = readBody(request, { maxBytes, bodyMs });
      setRequestParser(() => whole(async () => parse(withoutMark(await read()))));
    },
  };
}

/** Refuses parameters without an operation. It runs after trusted documents, which may add one. */
export const requireOperation: Plugin = {
  onParams({ params }) {
    const given: unknown = params;
    if (typeof given !== 'object' || given === null) return; // Yoga refuses it
    const isWithoutQuery = (params.query ?? null) === null;
    if (isWithoutQuery && Boolean(params.extensions?.['persistedQuery'])) throw persistedQueryNotSupported();
    if (isWithoutQuery)
      throw malformed('The request has no operation. Send it as query, in a JSON object by POST.');
    // Yoga would search for an operation with that name.
    const operationName: unknown = params.operationName ?? '';
    if (typeof operationName !== 'string') throw malformed('The parameter operationName must be a string.');
  },
};

/** What is wrong with the headers. */
function normalize({ headers, method }: Request): RefusalError | undefined {
  const accept = headers.get('accept');
  const answers = acceptedOf(accept, ANSWERS);
  if (accept !== null && accept !== '') headers.set('accept', answers.join(', ') || JSON_TYPE);
  if (answers.length === 0) return notAcceptable();
  if (method !== 'POST') return undefined;
  const mediaType = mediaTypeOf(headers.get('content-type'));
  // `useUploads` needs the boundary of a multipart body.
  if (mediaType.type !== '' && mediaType.type !== MULTIPART_TYPE) headers.set('content-type', mediaType.type);
  const compression = compressionOf(headers);
  if (compression !== undefined) return compressed(compression);
  return isUtf8(mediaType) ? undefined : unsupported(OTHER_CHARSET);
}

/** Headers of a compressed body, and their values for a plain one. */
const CODINGS = { 'Content-Encoding': /^\s*(identity)?\s*$/i, 'Transfer-Encoding': /^\s*(chunked)?\s*$/i };

/** The header of a compressed body. Compression is not supported, because a few kilobytes can become gigabytes. */
const compressionOf = (headers: Headers): string | undefined =>
  Object.entries(CODINGS).find(([name, plain]) =>
    (headers.get(name) ?? '').split(',').some((coding) => !plain.test(coding)),
  )?.[0];

function parseJson(text: string): object {
  const body = jsonOf(text, 'The body is not valid JSON.');
  if (typeof body === 'object' && body !== null) return body;
  throw malformed('The body must be a JSON object with the operation as query.');
}

/** The parameters of a URL or a form; unknown ones are dropped. */
function parametersOf(given: URLSearchParams, documentIds: boolean): object {
  const json = (name: string): unknown => {
    const text = given.get(name) ?? '';
    return text === '' ? undefined : jsonOf(text, 'The parameters variables and extensions must be JSON.');
  };
  const documentId = documentIds ? given.get(DOCUMENT_ID) : null;
  return {
    operationName: given.get('operationName') || undefined,
    query: given.get('query') || undefined,
    variables: json('variables'),
    extensions: json('extensions'),
    ...(documentId !== null && { [DOCUMENT_ID]: documentId }),
  };
}

/** The message of a SyntaxError quotes the text, so it is replaced. */
function jsonOf(text: string, message: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(message);
  }
}

/** Refuses a request whose connection closes before its end, although no client receives the answer. */
async function whole<T>(parse: () => Promise<T>): Promise<T> {
  try {
    return await parse();
  } catch (error) {
    const isCutOff = error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
    throw isCutOff ? malformed('The request ended before its body did.') : error;
  }
}

/** RFC 8259, section 8.1, lets a parser ignore a byte order mark. */
const withoutMark = (text: string): string => (text.startsWith('\u{FEFF}') ? text.slice(1) : text);

const HOW = 'Send JSON with the header Content-Type: application/json.';
const NO_TYPE = `The request has no Content-Type. ${HOW}`;
const UNKNOWN_TYPE = `The Content-Type is not supported. ${HOW} Send files as multipart/form-data.`;
const NOT_A_FORM = `The body is not a form, although its Content-Type says so. ${HOW}`;
const OTHER_CHARSET =
  'The Content-Type names a charset other than UTF-8. Send the body in UTF-8, with charset=utf-8 or no charset.';

const unsupported = (message: string, headers: Readonly<Record<string, string>> = {}): RefusalError =>
  new RefusalError({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE', message, headers });

const compressed = (header: string): RefusalError =>
  unsupported(
    `The ${header} of the body, such as gzip, is not supported. Send it uncompressed, without the header ${header}.`,
    { 'accept-encoding': 'identity' },
  );

const malformed = (message: string): RefusalError =>
  new RefusalError({ status: 400, code: 'BAD_REQUEST', message });

const notAcceptable = (): RefusalError =>
  new RefusalError({
    status: 406,
    code: 'NOT_ACCEPTABLE',
    message:
      'The Accept header permits no media type of the answers. Nothing was done for this request. Accept application/json.',
  });

/**
 * Apollo's clients first send the hash of an operation (automatic persisted queries), and the operation after this answer.
 * They recognise it by its code or its message, both as in Apollo Server, which answers it with status 200.
 */
const persistedQueryNotSupported = (): RefusalError =>
  new RefusalError({
    status: 200,
    code: 'PERSISTED_QUERY_NOT_SUPPORTED',
    message: 'PersistedQueryNotSupported',
  });
