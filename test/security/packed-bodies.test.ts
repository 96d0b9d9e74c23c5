import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { multipartBody, BOUNDARY } from '../support/multipart.ts';
import { startGateway } from '../support/start-gateway.ts';

const QUERY = '{"query":"{ __typename }"}';
/** Fifty megabytes, compressed to fifty kilobytes. */
const BOMB = Buffer.from(`${QUERY.slice(0, -1)},"variables":{"x":"${'0'.repeat(50_000_000)}"}}`);
const FORM = multipartBody(
  [
    ['operations', QUERY],
    ['map', '{}'],
  ],
  [],
);

const PACKERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync } as const;

test.each(Object.entries(PACKERS))(
  'a body compressed with %s is refused and not decompressed',
  async (encoding, pack) => {
    const { url, sandbox } = await startGateway();
    const send = async (body: Buffer, type: string) => {
      const headers = { 'content-type': type, 'content-encoding': encoding };
      const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(pack(body)) });
      const accepts = response.headers.get('accept-encoding');
      return { status: response.status, accepts, text: await response.text() };
    };
    for (const [body, type] of [
      [Buffer.from(QUERY), 'application/json'],
      [BOMB, 'application/json'],
      [Buffer.from('query={__typename}'), 'application/x-www-form-urlencoded'],
      [FORM, `multipart/form-data; boundary=${BOUNDARY}`],
    ] as const) {
      const { status, text, accepts } = await send(body, type);
      expect([status, accepts], type).toEqual([415, 'identity']);
      expect(text, type).toMatch(/^\{"errors":.*Content-Encoding.*"code":"UNSUPPORTED_MEDIA_TYPE"/);
    }
    expect(sandbox.journal.entries()).toEqual([]);
  },
);
