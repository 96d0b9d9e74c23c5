import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readiness } from './readiness.ts';

const ANSWERS = {
  ok: { status: 200, body: '{"status":"ok"}' },
  ready: { status: 200, body: '{"status":"ready"}' },
  unavailable: { status: 503, body: '{"status":"unavailable"}' },
  stopping: { status: 503, body: '{"status":"stopping"}' },
} as const;

const WRONG_METHOD =
  '{"errors":[{"message":"Probes are asked by GET and HEAD.","extensions":{"code":"BAD_REQUEST"}}]}';

/**
 * Answers `GET` and `HEAD` of `/health` (the process runs) and `/ready` (send requests here), before anything else sees
 * them: nobody has to show who they are, whatever `Host` they send, and however busy the gateway is. The bodies are
 * fixed: what is wrong is for the log and the metrics, not for whoever asks.
 * @returns whether it was a probe.
 */
export function answerProbe(req: IncomingMessage, res: ServerResponse, readiness: Readiness): boolean {
  const path = pathOf(req.url ?? '');
  if (path !== '/health' && path !== '/ready') return false;
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    const headers = { allow: 'GET, HEAD', 'content-type': 'application/json' };
    res.writeHead(405, { ...headers, 'content-length': WRONG_METHOD.length }).end(WRONG_METHOD);
    return true;
  }
  const send = (answer: keyof typeof ANSWERS): void => {
    const { status, body } = ANSWERS[answer];
    res.writeHead(status, {
      'content-type': 'application/json',
      'content-length': body.length,
      'cache-control': 'no-store',
    });
    res.end(req.method === 'HEAD' ? undefined : body);
  };
  if (path === '/health') send('ok');
  else void readiness.state().then(send);
  return true;
}

/** Of a request target in either form that servers are sent: `/ready?x` or `http://name/ready` (RFC 9112, section 3.2). */
function pathOf(target: string): string | undefined {
  // Not as a relative address: `//name/ready` would lead to another host.
  return URL.parse(target.startsWith('/') ? `http://gateway${target}` : target)?.pathname;
}
