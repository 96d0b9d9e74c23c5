import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { createListener } from '../../src/http/listener.ts';
import { CLIENT_TIMES, createHttpServer, listen } from '../../src/http/server.ts';
import { pagesRoute } from '../../src/pages/pages-route.ts';
import { startGateway } from '../support/start-gateway.ts';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

/** A server of built pages: a page, a script with its compressed form, and a file of another type. */
async function startPages({ isSandbox = true, isBuilt = true } = {}) {
  const parent = mkdtempSync(join(tmpdir(), 'sigillo-pages-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  const folder = join(parent, 'dist');
  writeFileSync(join(parent, 'secret.js'), 'secret');
  if (isBuilt) {
    for (const name of ['workbench', 'assets']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'workbench/index.html'), '<!doctype html><title>The workbench</title>');
    writeFileSync(join(folder, 'assets/page-abc.js'), 'run()');
    writeFileSync(join(folder, 'assets/page-abc.js.gz'), 'zipped');
    writeFileSync(join(folder, 'sources.sha256'), 'digest');
  }
  const listener = createListener({
    answerGraphql: () => new Response(),
    routes: [pagesRoute({ isSandbox, graphiql: true, folder })],
    corsOrigins: [],
    scrub: (text) => text,
    logger: pino({ level: 'silent' }),
  });
  const server = createHttpServer(listener, CLIENT_TIMES);
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => void server.close());
  return { origin: `http://127.0.0.1:${port}`, port };
}

test('the page has a policy without inline scripts and other origins, and is not sent again while it is unchanged', async () => {
  const { origin } = await startPages();
  const page = await fetch(origin, { headers: BROWSER });
  expect(await page.text()).toContain('The workbench');
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const again = await fetch(origin, {
    headers: { ...BROWSER, 'if-none-match': page.headers.get('etag') ?? '' },
  });
  expect([again.status, await again.text()]).toEqual([304, '']);
});

test('an asset is compressed and kept by browsers, and HEAD has the same headers', async () => {
  const { origin } = await startPages();
  const address = `${origin}/assets/page-abc.js`;
  const plain = await fetch(address, { headers: { 'accept-encoding': 'identity' } });
  expect(await plain.text()).toBe('run()');
  expect(plain.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(plain.headers.get('x-content-type-options')).toBe('nosniff');
  expect(plain.headers.get('cache-control')).toContain('immutable');
  const head = await fetch(address, { method: 'HEAD', headers: { 'accept-encoding': 'gzip' } });
  expect(head.headers.get('content-encoding')).toBe('gzip');
  expect(head.headers.get('content-length')).toBe('6');
});

test.each([
  '/assets/../../secret.js',
  '/assets/..%2f..%2fsecret.js',
  '/assets/%2e%2e/%2e%2e/secret.js',
  '/assets/..\\..\\secret.js',
  '/assets/../sources.sha256',
  '/assets/page-abc.js.gz',
  '/assets/',
  '/workbench/index.html',
])('%s is not found', async (path) => {
  const { port } = await startPages();
  const status = await new Promise((resolve) => {
    request({ host: '127.0.0.1', port, path }, ({ statusCode }) => resolve(statusCode)).end();
  });
  expect(status).toBe(404);
});

test.each([
  ['against the real service', { isSandbox: false }],
  ['without built files', { isBuilt: false }],
])('%s the page says what runs, without scripts', async (_, options) => {
  const { origin } = await startPages(options);
  const page = await fetch(origin, { headers: BROWSER });
  expect(page.status).toBe(200);
  const html = await page.text();
  expect(html).toContain('GraphQL gateway for Firma con IO');
  expect(html).not.toContain('<script');
});

test.each([
  ['curl', '*/*'],
  ['a client that accepts text', 'text/plain'],
  ['a client that prefers text', 'application/json;q=0.5, text/plain'],
])('%s gets the start page as plain text', async (_, accept) => {
  const { origin } = await startPages();
  const page = await fetch(origin, { headers: { accept } });
  expect([page.status, page.headers.get('content-type'), page.headers.get('vary')]).toEqual([
    200,
    'text/plain; charset=utf-8',
    'accept',
  ]);
  const text = await page.text();
  expect(text).toContain('GraphQL gateway for Firma con IO');
  expect(text).toContain(`POST ${origin}/graphql\n`);
  expect(text).toMatch(/Documentation +https:/);
  expect(text).not.toContain('<');
});

test('against the real service the plain text names no scheme and host', async () => {
  const { origin } = await startPages({ isSandbox: false });
  const text = await (await fetch(origin)).text();
  expect(text).toContain('POST /graphql\n');
  expect(text).not.toContain(origin);
});

test.each([
  'application/json',
  'application/json, text/plain, */*',
  'application/graphql-response+json',
  'image/png',
])('a client that asks for %s gets no page', async (accept) => {
  const { origin } = await startPages();
  const answer = await fetch(origin, { headers: { accept } });
  expect([answer.status, await answer.json()]).toMatchObject([
    404,
    { errors: [{ extensions: { code: 'ADDRESS_NOT_FOUND' } }] },
  ]);
});

test('only / has a plain text', async () => {
  const { origin } = await startPages();
  expect((await fetch(`${origin}/nowhere`)).status).toBe(404);
});

test('the control API of the sandbox is reachable at the origin of the gateway', async () => {
  const { url, sandbox } = await startGateway();
  const call = (path: string, init: RequestInit = {}) => fetch(new URL(`/_sandbox${path}`, url), init);
  const post = (path: string, body: object) => call(path, { method: 'POST', body: JSON.stringify(body) });

  expect(await (await post('/clock/freeze', { at: '2026-03-05T09:00:00Z' })).json()).toEqual({
    now: '2026-03-05T09:00:00.000Z',
    frozen: true,
  });
  expect((await post('/faults', { kind: 'rate-limit' })).status).toBe(201);
  expect(sandbox.faults.list()).toHaveLength(1);
  expect((await call('/faults', { method: 'DELETE' })).status).toBe(204);
  expect(sandbox.faults.list()).toEqual([]);
  const wrong = await post('/clock/advance', { milliseconds: 'x' });
  expect([wrong.status, wrong.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
});

test.each([{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }])(
  'a page of another origin cannot use the control API (%o)',
  async (headers) => {
    const { url, sandbox } = await startGateway({ protections: { corsOrigins: ['https://evil.example'] } });
    const address = new URL('/_sandbox/faults', url);
    const answer = await fetch(address, { method: 'POST', headers, body: '{"kind":"rate-limit"}' });
    expect(answer.status).toBe(403);
    expect(sandbox.faults.list()).toEqual([]);
  },
);

test.each([{ isSandbox: false }, { protections: { graphiql: false } }])(
  'the control API is not reachable with %o',
  async (overrides) => {
    const { url } = await startGateway(overrides);
    expect((await fetch(new URL('/_sandbox/clock', url))).status).toBe(404);
  },
);

test('a sandbox that does not answer is a 502', async () => {
  const { url, sandbox } = await startGateway();
  await sandbox.close();
  expect((await fetch(new URL('/_sandbox/clock', url))).status).toBe(502);
});
