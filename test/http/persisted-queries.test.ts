import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { FORMATS } from '../support/request-formats.ts';
import { startGateway } from '../support/start-gateway.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const HASH = sha256('{ __typename }');
const NOT_SUPPORTED = {
  errors: [
    {
      message: 'PersistedQueryNotSupported',
      extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED', requestId: expect.any(String) },
    },
  ],
};

test.each([
  ['a hash', { version: 1, sha256Hash: HASH }],
  ['an invalid hash', { version: 1, sha256Hash: 'x' }],
  ['a hash of another version', { version: 2, sha256Hash: HASH }],
  ['no hash', {}],
  ['a text', HASH],
  ['a list', [HASH]],
  ['a number as its hash', { version: 1, sha256Hash: 1 }],
])(
  'a persisted query of %s without an operation has the answer of Apollo Server',
  async (_, persistedQuery) => {
    const { url } = await startGateway();
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const headers = { 'content-type': 'application/json', accept };
      const body = JSON.stringify({ extensions: { persistedQuery } });
      const response = await fetch(url, { method: 'POST', headers, body });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain(accept);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.json()).toEqual(NOT_SUPPORTED);
    }
    for (const [form, send] of Object.entries(FORMATS)) {
      const text = await (await send(url, { extensions: { persistedQuery } })).text();
      expect(text, form).toContain('"code":"PERSISTED_QUERY_NOT_SUPPORTED"');
      const withQuery = await (
        await send(url, { query: '{ __typename }', extensions: { persistedQuery } })
      ).text();
      expect(withQuery, form).toContain('{"data":{"__typename":"Query"}}');
    }
  },
);

test.each([[{}], [{ persistedQuery: null }], [{ persistedQuery: false }], [{ other: { version: 1 } }]])(
  'extensions %j are not a persisted query',
  async (extensions) => {
    const { url } = await startGateway();
    const text = await (await FORMATS['a JSON body']?.(url, { extensions }))?.text();
    expect(text).toContain('"code":"BAD_REQUEST"');
  },
);
