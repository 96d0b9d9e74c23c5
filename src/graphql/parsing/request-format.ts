import { LRUCache } from 'lru-cache';
import { RefusalError } from '../../http/answer.ts';
import {
  acceptedOf,
  EVENTS_TYPE,
  FORM_TYPE,
  isUtf8,
  JSON_TYPE,
  mediaTypeOf,
} from '../../http/media-types.ts';
import type { RequestHeaders } from '../../auth/headers.ts';
import { placeOf } from '../../uploads/form-guard.ts';
import { DOCUMENT_ID } from '../trusted-documents.ts';

/** The media types of answers with a single result, besides the streamed ones. */
export const GRAPHQL_TYPE = 'application/graphql-response+json';
/** The media types of all answers. The first is for a client that accepts all of them alike. */
const ANSWERS = [JSON_TYPE, GRAPHQL_TYPE, EVENTS_TYPE, 'multipart/mixed'];

/** Clients repeat a few headers, which are read once. Longer ones are not kept. */
const MAX_KEPT = { max: 200, length: 200 };

function remembered<T extends object>(read: (header: string) => T): (header: string) => T {
  const known = new LRUCache<string, T>({ max: MAX_KEPT.max });
  return (header) => {
    const value = known.get(header) ?? read(header);
    if (header.length <= MAX_KEPT.length) known.set(header, value);
    return value;
  };
}

const answersFor = remembered((accept): readonly string[] => acceptedOf(accept, ANSWERS));
const typeOf = remembered(mediaTypeOf);

/** The media types of a request and of its possible answers. */
export interface RequestFormat {
  /** The media type of the body; an empty string without a body. */
  readonly type: string;
  /** The media types that the client accepts, the preferred one first. */
  readonly answers: readonly string[];
  /** Set for headers that are not supported. An unauthenticated client must not learn it. */
  readonly refusal: RefusalError | undefined;
}

/**
 * Reads the headers that say what the body and the answer are. A refusal comes before anything runs: a client that accepts no
 * answer must not learn that only after a mutation.
 */
export function formatOf(method: string | undefined, headers: RequestHeaders): RequestFormat {
  const answers = answersFor(headers.get('accept') ?? '');
  if (method !== 'POST')
    return { type: '', answers, refusal: answers.length === 0 ? notAcceptable() : undefined };
  const mediaType = typeOf(headers.get('content-type') ?? '');
  return { type: mediaType.type, answers, refusal: refusalOf(mediaType, answers, headers) };
}

function refusalOf(
  mediaType: ReturnType<typeof mediaTypeOf>,
  answers: readonly string[],
  headers: RequestHeaders,
): RefusalError | undefined {
  if (answers.length === 0) return notAcceptable();
  const compression = compressionOf(headers);
  if (compression !== undefined) return compressed(compression);
  return isUtf8(mediaType) ? undefined : unsupported(OTHER_CHARSET);
}

/** Parses the text of a body. @throws {RefusalError} */
export type TextParser = (text: string) => object;

/**
 * The parsers of bodies by their media type. Multipart requests have their own parser, limits and timeouts; see `useUploads`.
 *
 * @param documentIds whether forms may name a trusted document; JSON bodies need no support
 */
export function parsersOf(documentIds: boolean): ReadonlyMap<string, TextParser> {
  const json: TextParser = (text) => parseJson(withoutMark(text));
  return new Map<string, TextParser>([
    [JSON_TYPE, json],
    ['application/graphql+json', json],
    ['application/graphql', (text) => ({ query: withoutMark(text) })],
    [FORM_TYPE, (text) => parseForm(withoutMark(text), documentIds)],
  ]);
}

/** @throws {RefusalError} for a body of a media type that is not supported */
export function parserFor(type: string, parsers: ReadonlyMap<string, TextParser>): TextParser {
  const parser = parsers.get(type);
  if (parser === undefined) throw unsupported(type === '' ? NO_TYPE : UNKNOWN_TYPE);
  return parser;
}

function parseForm(text: string, documentIds: boolean): object {
  // As `curl -d` sends JSON.
  if (/^\s*[{[]/.test(text)) throw unsupported(NOT_A_FORM);
  return parametersOf(new URLSearchParams(text), documentIds);
}

/** Headers of a compressed body, and their values for a plain one. */
const CODINGS = Object.entries({
  'Content-Encoding': /^\s*(identity)?\s*$/i,
  'Transfer-Encoding': /^\s*(chunked)?\s*$/i,
}).map(([header, plain]) => ({ header, name: header.toLowerCase(), plain }));

/** The header of a compressed body. Compression is not supported, because a few kilobytes can become gigabytes. */
const compressionOf = (headers: RequestHeaders): string | undefined =>
  CODINGS.find(({ name, plain }) => {
    const codings = headers.get(name);
    return codings !== null && codings.split(',').some((coding) => !plain.test(coding));
  })?.header;

function parseJson(text: string): object {
  const body = jsonOf(text, (place) => `The body is not valid JSON${place}.`);
  if (typeof body === 'object' && body !== null) return body;
  throw malformed('The body must be a JSON object with the operation as query.');
}

/** The parameters of a URL or a form; unknown ones are dropped. @throws {RefusalError} */
export function parametersOf(given: URLSearchParams, documentIds: boolean): object {
  const json = (name: string): unknown => {
    const text = given.get(name) ?? '';
    return text === ''
      ? undefined
      : jsonOf(text, (place) => `The parameter ${name} is not valid JSON${place}.`);
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
function jsonOf(text: string, message: (place: string) => string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed(message(placeOf(error)));
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
