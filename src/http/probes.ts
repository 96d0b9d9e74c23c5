import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendAnswer } from './answer.ts';
import { errorBody } from './error-response.ts';
import type { Readiness } from './readiness.ts';

const ANSWERS = {
  ok: { status: 200, body: '{"status":"ok"}' },
  ready: { status: 200, body: '{"status":"ready"}' },
  unavailable: { status: 503, body: '{"status":"unavailable"}' },
  stopping: { status: 503, body: '{"status":"stopping"}' },
} as const;

const WRONG_METHOD = errorBody({ code: 'BAD_REQUEST', message: 'Probes support GET and HEAD.' });
const JSON_HEADERS = { 'content-type': 'application/json' };

/**
 * Answers `GET` and `HEAD` of `/health` (the process runs) and `/ready` (send requests here), before any other check:
 * probes need no authentication and no allowed host, and are answered under any load. The bodies are fixed: causes are for
 * the log and the metrics only.
 * @returns whether the request was a probe
 */
export function answerProbe(req: IncomingMessage, res: ServerResponse, readiness: Readiness): boolean {
  const path = pathOf(req.url ?? '');
  if (path !== '/health' && path !== '/ready') return false;
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    void sendAnswer(
      { status: 405, headers: { ...JSON_HEADERS, allow: 'GET, HEAD' }, body: WRONG_METHOD },
      res,
    );
    return true;
  }
  const headers = { ...JSON_HEADERS, 'cache-control': 'no-store' };
  const send = (answer: keyof typeof ANSWERS): void => void sendAnswer({ ...ANSWERS[answer], headers }, res);
  if (path === '/health') send('ok');
  else void readiness.state().then(send);
  return true;
}

/** The path of a request target in either form that servers receive: `/ready?x` or `http://name/ready` (RFC 9112, section 3.2). */
function pathOf(target: string): string | undefined {
  // Not as a relative URL: `//name/ready` would name another host.
  return URL.parse(target.startsWith('/') ? `http://gateway${target}` : target)?.pathname;
}
