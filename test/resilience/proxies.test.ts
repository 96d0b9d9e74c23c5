import type { OutgoingHttpHeaders } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createAuthentication } from '../../src/auth/authenticate.ts';
import { canConnect, createProxyFor } from '../../src/upstream/connect-through.ts';
import { UpstreamError } from '../../src/upstream/failure.ts';
import { HttpClient } from '../../src/upstream/http-client.ts';
import type { ProxyFor } from '../../src/upstream/connect-through.ts';
import { createStorage } from '../../src/upstream/storage/create-storage.ts';
import { putBlob } from '../../src/upstream/storage/blobs.ts';
import { WebhookSender } from '../../src/webhooks/send.ts';
import { hasOpenssl, makeCertificate, trust } from '../support/certificate.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { sendJson, startHttpStub } from '../support/http-stub.ts';
import { runMain } from '../support/start-main.ts';
import { jwtOptions, makeKey, sign } from '../support/token-issuer.ts';
import { endpointAt } from '../support/webhook-receiver.ts';

const NAMES = ['service', 'storage', 'issuer', 'receiver', 'collector'].map((name) => `${name}.proxied.test`);
const LAST_MODIFIED: OutgoingHttpHeaders = { 'last-modified': 'Tue, 24 Nov 2026 10:00:00 GMT' };

/** One TLS server on this machine in the place of all hosts on the internet. */
async function startInternet() {
  const certificate = makeCertificate(...NAMES);
  trust(certificate.cert);
  const key = await makeKey('first');
  const stub = await startHttpStub(({ headers: { host = '' } }, res) => {
    if (host.startsWith('issuer')) return sendJson(res, 200, { keys: [key.jwk] });
    if (host.startsWith('storage')) return void res.writeHead(201, LAST_MODIFIED).end();
    if (host.startsWith('receiver')) return void res.writeHead(204).end();
    if (host.startsWith('collector')) return sendJson(res, 200, {});
    return sendJson(res, 404, { status: 404, detail: 'not here' });
  }, certificate);
  return { stub, certificate, token: await sign({}, { key }), port: Number(new URL(stub.origin).port) };
}

const READ = {
  operation: 'getDossier',
  method: 'GET',
  effect: 'read',
  path: '/d',
  expect: [200],
  decode: String,
} as const;

function clientAt(address: string, proxyFor: ProxyFor) {
  const baseUrl = new URL(address);
  const limits = { timeoutMs: 2_000, connections: 1 };
  const client = new HttpClient({ baseUrl, apiKey: 'key', storageHosts: [], ...limits, proxyFor });
  onTestFinished(() => client.close());
  return { read: () => client.call(READ).catch(kindOf) };
}

/** Each kind of outgoing connection, with its result or the reason of its failure. */
const WAYS = {
  'service.proxied.test': (proxyFor) => clientAt('https://service.proxied.test/api/v1/sign', proxyFor).read(),
  'storage.proxied.test': async (proxyFor) => {
    const retries = { attempts: 1 };
    const storage = createStorage({ allowedHosts: ['storage.proxied.test'], proxyFor, retries });
    onTestFinished(() => storage.shared.close());
    const stored = putBlob(
      storage.shared,
      'https://storage.proxied.test/uploads/a?sig=x',
      Buffer.from('%PDF-1.7'),
    );
    return stored.then(() => 'stored', kindOf);
  },
  'issuer.proxied.test': async (proxyFor, token) => {
    const reasons: string[] = [];
    const authentication = createAuthentication(
      jwtOptions(new URL('https://issuer.proxied.test/keys')),
      {
        onKeySetFailure: ({ message }) => reasons.push(message),
        onUnusableKey: () => {},
        onApiKeysReload: () => {},
      },
      proxyFor,
    );
    onTestFinished(() => authentication.close());
    const headers = new Headers({ authorization: `Bearer ${token}` });
    return authentication.authenticate(headers).then(
      () => 'authenticated',
      () => reasons.join(),
    );
  },
  'receiver.proxied.test': async (proxyFor) => {
    const sender = new WebhookSender({ proxyFor });
    onTestFinished(() => sender.close());
    const sent = await sender.send(
      endpointAt(new URL('https://receiver.proxied.test/hooks')),
      { id: 'm1', type: 'a.type', at: Date.now(), attempts: 0, body: '{}' },
      new AbortController().signal,
    );
    return sent.kind === 'failed' ? sent.reason : sent.kind;
  },
} satisfies Record<string, (proxyFor: ProxyFor, token: string) => Promise<unknown>>;

const kindOf = (error: unknown): unknown => (error instanceof UpstreamError ? error.kind : error);

const withOpenssl = test.skipIf(!hasOpenssl);

withOpenssl(
  'service, storage, token issuer and webhooks go through the proxy, with its credentials',
  async () => {
    const internet = await startInternet();
    const proxy = await startConnectProxy({ leadsTo: internet.port });
    const https = new URL(proxy.url);
    [https.username, https.password] = ['sigillo', 'pa%24s'];
    const proxyFor = createProxyFor({ https });
    const outcomes = [];
    for (const way of Object.values(WAYS)) outcomes.push(await way(proxyFor, internet.token));
    expect(outcomes).toEqual(['not-found', 'stored', 'authenticated', 'delivered']);
    const authorization = `Basic ${Buffer.from('sigillo:pa$s').toString('base64')}`;
    expect(proxy.asked).toEqual(
      Object.keys(WAYS).map((name) => ({ authority: `${name}:443`, authorization })),
    );
    // The credentials of the proxy are sent to the proxy only.
    expect(internet.stub.calls.map(({ headers }) => [headers.host, headers['proxy-authorization']])).toEqual(
      Object.keys(WAYS).map((name) => [name, undefined]),
    );
  },
);

withOpenssl(
  'connections through the proxy are reused, and TLS is checked against the target host',
  async () => {
    const internet = await startInternet();
    const proxy = await startConnectProxy({ leadsTo: internet.port });
    const proxyFor = createProxyFor({ https: proxy.url });
    const { read } = clientAt('https://service.proxied.test', proxyFor);
    for (let nth = 0; nth < 3; nth += 1) expect(await read()).toBe('not-found');
    expect(proxy.authorities()).toEqual(['service.proxied.test:443']);
    expect(await clientAt('https://other.proxied.test', proxyFor).read()).toBe('unreachable');
    expect(internet.stub.calls).toHaveLength(3);
  },
);

const unreachable = async (): Promise<URL> => {
  const stub = await startHttpStub(() => {});
  await stub.stop();
  return new URL(stub.origin);
};

test.each([
  ['is down', unreachable, 'ECONNREFUSED'],
  ['has an unknown name', async () => new URL('http://proxy.invalid:3128'), 'E[A-Z_]+'],
  ['wants credentials', async () => (await startConnectProxy({ status: 407 })).url, '407'],
  ['refuses the host', async () => (await startConnectProxy({ status: 403 })).url, '403'],
  ['cannot reach the host', async () => (await startConnectProxy({ status: 502 })).url, '502'],
  ['never answers', async () => (await startConnectProxy({})).url, 'TIMEOUT'],
])(
  'a proxy that %s counts as a failed connection, for each kind of outgoing connection',
  { timeout: 120_000 },
  async (_, proxy, code) => {
    const proxyFor = createProxyFor({ https: await proxy() });
    const token = await sign({}, { key: await makeKey('first') });
    const outcomes = await Promise.all(Object.values(WAYS).map((way) => way(proxyFor, token)));
    const reason = new RegExp(`^PROXY_${code}$`);
    expect(outcomes).toEqual([
      'unreachable',
      'unreachable',
      expect.stringMatching(new RegExp(`^not reached: PROXY_${code}$|no response in time`)),
      expect.stringMatching(reason),
    ]);
    const check = canConnect(new URL('https://service.proxied.test'), AbortSignal.timeout(2_000), proxyFor);
    await expect(check).rejects.toMatchObject({ name: 'ProxyError', code: expect.stringMatching(reason) });
  },
);

withOpenssl('readiness opens a TLS connection through the proxy and sends no request', async () => {
  const internet = await startInternet();
  const proxy = await startConnectProxy({ leadsTo: internet.port });
  const proxyFor = createProxyFor({ https: proxy.url, http: proxy.url });
  await canConnect(new URL('https://service.proxied.test/api'), AbortSignal.timeout(60_000), proxyFor);
  await canConnect(new URL('http://service.proxied.test:8080'), AbortSignal.timeout(60_000), proxyFor);
  expect(proxy.authorities()).toEqual(['service.proxied.test:443', 'service.proxied.test:8080']);
  expect(internet.stub.calls).toEqual([]);
  const wrongName = canConnect(new URL('https://other.proxied.test'), AbortSignal.timeout(60_000), proxyFor);
  await expect(wrongName).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('an http URL also uses a tunnel, and this machine is reached directly', async () => {
  const stub = await startHttpStub((_, res) => sendJson(res, 404, { status: 404, detail: 'not here' }));
  const { port } = new URL(stub.origin);
  const proxy = await startConnectProxy({ leadsTo: Number(port) });
  const proxyFor = createProxyFor({ http: proxy.url });
  for (const host of ['localhost', '127.0.0.1', 'service.proxied.test'])
    expect(await clientAt(`http://${host}:${port}`, proxyFor).read(), host).toBe('not-found');
  expect(proxy.authorities()).toEqual([`service.proxied.test:${port}`]);
});

test('an address that bypasses the proxy must still be public', async () => {
  const proxy = await startConnectProxy({});
  const proxyFor = createProxyFor({ https: proxy.url, except: '10.0.0.0/8' });
  const allowedHosts = ['localhost'];
  const storage = createStorage({ allowedHosts, proxyFor, retries: { attempts: 1 } });
  onTestFinished(() => storage.shared.close());
  const stored = putBlob(storage.shared, 'https://localhost/uploads/a', Buffer.from('%PDF-1.7'));
  await expect(stored).rejects.toMatchObject({ kind: 'unreachable', cause: { code: 'EPRIVATE' } });
  const elsewhere = putBlob(storage.shared, 'https://other.proxied.test/uploads/a', Buffer.from('%PDF-1.7'));
  await expect(elsewhere).rejects.toMatchObject({ kind: 'contract' });
  expect(proxy.asked).toEqual([]);
});

const ask = (url: string): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ dossier(id: "d1") { id } }' }),
  });

withOpenssl('the whole gateway calls the service and sends its traces through HTTPS_PROXY', async () => {
  const internet = await startInternet();
  const proxy = await startConnectProxy({ leadsTo: internet.port });
  const main = runMain({
    https_proxy: `http://sigillo:pa%24s@${proxy.host}`,
    HTTPS_PROXY: 'http://127.0.0.1:1',
    NODE_EXTRA_CA_CERTS: internet.certificate.file,
    FIRMA_API_KEY: 'key',
    FIRMA_API_URL: 'https://service.proxied.test/api/v1/sign',
    AUTH: 'none',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.proxied.test',
    LOG_LEVEL: 'trace',
  });
  const answer = await ask(await main.url());
  expect(await answer.json()).toEqual({ data: { dossier: null } });
  main.child.kill('SIGTERM');
  const { code, stdout, stderr } = await main.ended();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(
    `; it talks to https://service.proxied.test/api/v1/sign through the proxy ${proxy.host}\n`,
  );
  expect(proxy.authorities().toSorted()).toEqual(['collector.proxied.test:443', 'service.proxied.test:443']);
  expect(new Set(proxy.asked.map(({ authorization }) => authorization))).toEqual(
    new Set([`Basic ${Buffer.from('sigillo:pa$s').toString('base64')}`]),
  );
});

test('a refusal of the proxy is a typed error, and its credentials are in no log', async () => {
  const proxy = await startConnectProxy({ status: 407 });
  const main = runMain({
    HTTPS_PROXY: `http://sigillo:pa%24s-that-is-secret@${proxy.host}`,
    FIRMA_API_KEY: 'key',
    FIRMA_API_URL: 'https://service.proxied.test/api/v1/sign',
    AUTH: 'none',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.proxied.test',
    LOG_LEVEL: 'trace',
  });
  const url = await main.url();
  expect(await (await ask(url)).json()).toMatchObject({
    errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }],
  });
  expect((await fetch(new URL('/ready', url))).status).toBe(503);
  main.child.kill('SIGTERM');
  const { stdout, stderr } = await main.ended();
  expect(stdout).toContain('PROXY_407');
  for (const secret of ['that-is-secret', Buffer.from('sigillo:pa$s-that-is-secret').toString('base64')])
    expect(`${stdout}${stderr}`).not.toContain(secret);
});
