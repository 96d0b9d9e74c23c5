import { expect, test } from 'vitest';
import { createProxyFor, NO_PROXY } from '../../../src/upstream/connect-through.ts';

const https = new URL('http://proxy.comune.example:3128');
const http = new URL('http://other.comune.example:8080');

test('each protocol has its own proxy, and none without a variable', () => {
  const both = createProxyFor({ https, http });
  expect(both(new URL('https://api.io.pagopa.it/api'))).toBe(https);
  expect(both(new URL('http://collector.example:4318'))).toBe(http);
  expect(createProxyFor({ http })(new URL('https://api.io.pagopa.it'))).toBeUndefined();
  expect(createProxyFor({ https })(new URL('http://collector.example'))).toBeUndefined();
  expect(createProxyFor({ except: '*' })).toBe(NO_PROXY);
});

test.each(['localhost', 'LOCALHOST.', 'sandbox.localhost', '127.0.0.1', '127.8.9.1', '[::1]', '2130706433'])(
  'this machine is never reached through a proxy: %s',
  (host) => {
    const proxyFor = createProxyFor({ https, http });
    expect(proxyFor(new URL(`http://${host}:4010/api/v1/sign`))).toBeUndefined();
    expect(proxyFor(new URL(`https://${host}`))).toBeUndefined();
  },
);

test.each([
  [
    'pagopa.it',
    ['https://pagopa.it', 'https://api.io.pagopa.it', 'https://PAGOPA.it.'],
    ['https://notpagopa.it'],
  ],
  ['.pagopa.it', ['https://pagopa.it', 'https://api.io.pagopa.it'], ['https://notpagopa.it']],
  ['*.pagopa.it', ['https://api.io.pagopa.it'], ['https://pagopa.it', 'https://notpagopa.it']],
  ['PagoPA.it.', ['https://pagopa.it'], ['https://pagopa.com']],
  [
    'pagopa.it:443',
    ['https://pagopa.it', 'https://a.pagopa.it:443'],
    ['https://pagopa.it:8443', 'http://pagopa.it'],
  ],
  ['pagopa.it:80', ['http://pagopa.it'], ['https://pagopa.it']],
  ['*', ['https://pagopa.it', 'http://10.0.0.1', 'http://[fd00::1]'], []],
  ['*:8443', ['https://pagopa.it:8443'], ['https://pagopa.it']],
  ['10.0.0.1', ['http://10.0.0.1', 'http://10.0.0.1:8080'], ['http://10.0.0.2', 'http://a.10.0.0.1.example']],
  ['10.0.0.1:8080', ['http://10.0.0.1:8080'], ['http://10.0.0.1']],
  ['10.0.0.0/8', ['http://10.9.9.9', 'http://[::ffff:10.1.2.3]'], ['http://11.0.0.1', 'http://ten.example']],
  ['10.0.0.0/8:8080', ['http://10.9.9.9:8080'], ['http://10.9.9.9']],
  ['fd00::/8', ['http://[fd12::1]:8080'], ['http://[fe80::1]']],
  ['fd00:0:0::1', ['http://[fd00::1]'], ['http://[fd00::2]']],
  ['[fd00::1]', ['http://[fd00::1]'], ['http://[fd00::2]']],
  ['[fd00::1]:8080', ['http://[fd00::1]:8080'], ['http://[fd00::1]']],
  [
    ' a.example, b.example\tc.example ,',
    ['http://a.example', 'http://b.example', 'http://c.example'],
    ['http://d.example'],
  ],
  ['10.0.0.0/99, 10.0.0.0/x, :, /, [', [], ['http://10.0.0.1', 'https://pagopa.it']],
  ['', [], ['https://pagopa.it']],
])('NO_PROXY=%s', (except, direct, proxied) => {
  const proxyFor = createProxyFor({ https, http, except });
  for (const url of direct) expect(proxyFor(new URL(url)), url).toBeUndefined();
  for (const url of proxied) expect(proxyFor(new URL(url)), url).toBeDefined();
});
