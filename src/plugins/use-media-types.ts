import { createGraphQLError } from 'graphql-yoga';
import type { Plugin } from 'graphql-yoga';

/** What Yoga makes answers of. */
const ANSWERS = [
  'application/graphql-response+json',
  'application/json',
  'text/event-stream',
  'multipart/mixed',
] as const;
const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

/**
 * Refuses requests whose `Content-Type` or `Accept` fits nothing here, before anything is run, and says so in JSON. Yoga
 * would answer without a body, and of `Accept` it would find that out after a mutation has been run. It must come after
 * the plugins that name parsers of their own, and after those that ask who somebody is: their refusals come first, in
 * JSON too, whatever is accepted.
 */
export function useMediaTypes(): Plugin {
  const unanswerable = new WeakSet<Request>();
  return {
    onRequest({ request }) {
      if (takesAnswers(request.headers.get('accept'))) return;
      unanswerable.add(request);
      request.headers.set('accept', JSON_TYPE);
    },

    onRequestParse({ request, requestParser, setRequestParser, fetchAPI }) {
      if (unanswerable.has(request)) throw notAcceptable();
      if (request.method !== 'POST') return;
      const type = request.headers.get('content-type');
      if (requestParser === undefined) throw unsupported(type === null ? NO_TYPE : UNKNOWN_TYPE);
      if (type?.startsWith(FORM) !== true) return;
      setRequestParser(async (form) => {
        const { url, method, headers } = form;
        const body = await form.text();
        if (/^\s*[{[]/.test(body)) throw unsupported(NO_FORM);
        return requestParser(new fetchAPI.Request(url, { method, headers, body }));
      });
    },
  };
}

/** As Yoga reads it: without `q`, and nothing in another encoding than UTF-8. */
function takesAnswers(accept: string | null): boolean {
  if (accept === null || accept === '') return true;
  return accept
    .replaceAll(/\s/g, '')
    .toLowerCase()
    .split(',')
    .map((item) => item.split(';'))
    .filter(([, ...parameters]) => {
      const charset = parameters.find((parameter) => parameter.includes('charset='));
      return charset === undefined || charset === 'charset=utf-8';
    })
    .some(([range = '']) => ANSWERS.some((type) => isIn(range, type)));
}

function isIn(range: string, type: string): boolean {
  const [kind, form] = range.split('/');
  const [ofKind, ofForm] = type.split('/');
  return (kind === '*' || kind === ofKind) && (form === '*' || form === ofForm);
}

const HOW = 'Send JSON with the header Content-Type: application/json.';
const NO_TYPE = `The request does not say of what type its body is. ${HOW}`;
const UNKNOWN_TYPE = `Bodies of this Content-Type are not taken. ${HOW} Files come as multipart/form-data.`;
/** As `curl -d` sends JSON. */
const NO_FORM = `The body is no form, though its Content-Type says so. ${HOW}`;

function unsupported(message: string): Error {
  return createGraphQLError(message, {
    extensions: { code: 'UNSUPPORTED_MEDIA_TYPE', http: { status: 415 } },
  });
}

function notAcceptable(): Error {
  return createGraphQLError(
    'Answers are JSON, and nothing was done for this request, whose Accept takes none: accept application/json.',
    { extensions: { code: 'NOT_ACCEPTABLE', http: { status: 406 } } },
  );
}
