import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { parseArgs } from 'node:util';
import { API_BASE } from '../mocks/sandbox/http/api.ts';
import { asciiJson } from '../mocks/sandbox/http/ascii-json.ts';
import { incomingCall } from '../mocks/sandbox/http/incoming-call.ts';
import { parsePrefer } from '../mocks/sandbox/http/prefer.ts';
import { createEngine } from '../mocks/sandbox/http/prism.ts';
import type { Engine } from '../mocks/sandbox/http/prism.ts';
import { readRequestBody } from '../mocks/sandbox/http/request-body.ts';
import { send } from '../mocks/sandbox/http/wire-answer.ts';
import type { WireAnswer } from '../mocks/sandbox/http/wire-answer.ts';
import { hangUpWithNpm } from '../src/npm-parent.ts';

// `npm run mock`: Prism answers each call from the examples of the contract, without state. Its engine runs behind a server of
// this repository, because Prism's own server never answers a body that is not JSON, exits on a malformed multipart body and
// finds the examples of the first success only.

const MAX_VIOLATIONS_LENGTH = 2_048;

/** Never called, because every call of the mock has a preference. */
const NO_STATE = () => Promise.reject(new Error('The mock keeps no state'));

async function answer(request: IncomingMessage, exchange: Engine, dynamic: boolean): Promise<WireAnswer> {
  const url = URL.parse(request.url ?? '/', 'http://mock.invalid');
  const bytes = await readRequestBody(request);
  if (url === null || bytes === undefined)
    return problem(400, 'The URL is invalid, or the body exceeds 100 MiB');
  const base = url.pathname.startsWith(`${API_BASE}/`) ? API_BASE : '';
  const call = incomingCall(request, url, bytes, { base, origin: url.origin });
  const preference = parsePrefer(call.headers['prefer']) ?? { dynamic };
  const result = await exchange(call, preference, NO_STATE);
  switch (result.kind) {
    case 'failed':
      console.error(result.error);
      return problem(500, 'Bug in the mock. See its output');
    case 'no-response':
      return problem(404, result.message);
    case 'no-operation':
      return problem(result.status, `${result.message}: ${call.method} ${url.pathname}`);
    case 'answered': {
      const { status, headers, body } = result.answer;
      const violations = [...result.requestViolations, ...result.responseViolations];
      return {
        status,
        headers: {
          ...headers,
          // As Prism's own server names it.
          ...(violations.length > 0 && { 'sl-violations': asciiJson(violations, MAX_VIOLATIONS_LENGTH) }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      };
    }
  }
}

function problem(status: number, detail: string): WireAnswer {
  const body = JSON.stringify({ title: 'The mock has no response', status, detail });
  return { status, headers: { 'content-type': 'application/problem+json' }, body };
}

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': '*',
  'access-control-allow-headers': '*',
  'access-control-expose-headers': '*',
};

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', short: 'p', default: process.env['SANDBOX_PORT'] ?? '4010' },
      host: { type: 'string', short: 'h', default: '127.0.0.1' },
      dynamic: { type: 'boolean', short: 'd', default: false },
    },
  });
  const exchange = await createEngine();
  const server = createServer(async (request, response) => {
    try {
      const isPreflight = request.method === 'OPTIONS';
      const wire = isPreflight ? PREFLIGHT : await answer(request, exchange, values.dynamic);
      console.log(`${request.method} ${request.url} ${wire.status}`);
      send(request, response, { ...wire, headers: { ...CORS, ...wire.headers } });
    } catch {
      // The client disconnected during its body.
      response.destroy();
    }
  });
  hangUpWithNpm();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      server.close();
      server.closeAllConnections();
    });
  }
  server.listen(Number(values.port), values.host);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : values.port;
  const origin = `http://${values.host.includes(':') ? `[${values.host}]` : values.host}:${port}`;
  console.log(`Prism is listening on ${origin}${API_BASE} and on ${origin}`);
}

const PREFLIGHT: WireAnswer = { status: 204, headers: {}, body: undefined };

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
