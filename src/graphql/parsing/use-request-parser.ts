import type { IncomingMessage } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import { nodeRequest } from '../../http/client-address.ts';
import { JSON_TYPE, MULTIPART_TYPE } from '../../http/media-types.ts';
import { readBody } from './read-body.ts';
import type { BodyLimits } from './read-body.ts';
import { formatOf, parametersOf, parserFor } from './request-format.ts';
import type { RequestFormat, TextParser } from './request-format.ts';

export interface RequestParserOptions {
  readonly parsers: ReadonlyMap<string, TextParser>;
  readonly limits: BodyLimits;
  /** Whether URLs may name a trusted document. */
  readonly documentIds: boolean;
  /** The parameters of a request whose body has been read before. */
  readonly readBefore: (req: IncomingMessage) => object | undefined;
}

/**
 * Parses requests that Yoga answers, one parser for each media type, and normalizes `Content-Type` and `Accept` to the form
 * that Yoga compares. It refuses a body or an `Accept` that it does not support in JSON and before anything runs: Yoga would
 * send no body, and would refuse an `Accept` only after a mutation has run.
 */
export function useRequestParser({ parsers, limits, documentIds, readBefore }: RequestParserOptions): Plugin {
  const formats = new WeakMap<Request, RequestFormat>();
  return {
    onRequest({ request }) {
      const { method, headers } = request;
      const format = formatOf(method, headers);
      formats.set(request, format);
      if (headers.get('accept')) headers.set('accept', format.answers.join(', ') || JSON_TYPE);
      // `useUploads` needs the boundary of a multipart body.
      if (format.type !== '' && format.type !== MULTIPART_TYPE) headers.set('content-type', format.type);
    },

    onRequestParse({ request, url, serverContext, requestParser: earlier, setRequestParser }) {
      const { type = '', refusal } = formats.get(request) ?? {};
      // Here, because an unauthenticated client must not learn it.
      if (refusal !== undefined) throw refusal;
      if (request.method === 'GET')
        return setRequestParser(() => parametersOf(new URLSearchParams(url.search), documentIds));
      const req = nodeRequest(serverContext);
      if (request.method !== 'POST' || req === undefined) return;
      const known = readBefore(req);
      if (known !== undefined) return setRequestParser(() => known);
      if (type === MULTIPART_TYPE && earlier !== undefined) return setRequestParser(earlier);
      const parse = parserFor(type, parsers);
      setRequestParser(async () => parse(await readBody(req, limits)));
    },
  };
}
