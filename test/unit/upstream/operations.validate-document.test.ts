import { expect, test } from 'vitest';
import { MultipartBody } from '../../../src/upstream/call.ts';
import type { UpstreamClient } from '../../../src/upstream/call.ts';
import { validateDocument } from '../../../src/upstream/operations/validate-document.ts';
import { freedChunks } from '../../support/freed-chunks.ts';

test('sends a file whole to a client that requests chunks before it has sent the last ones', async () => {
  let sent = '';
  const client: UpstreamClient = {
    async call({ body, decode }) {
      if (!(body instanceof MultipartBody)) throw new TypeError('a multipart body was expected');
      sent = Buffer.concat(await Array.fromAsync(body.chunks)).toString();
      const urls = { baseUrl: new URL('https://service.example'), storageHosts: [] };
      return await decode({ is_valid: true, violations: [] }, urls);
    },
    close: () => Promise.resolve(),
  };
  const pdf = freedChunks(['%PDF-1.7 one', ' two', ' three']);
  expect(await validateDocument(client, { pdf })).toEqual({ isValid: true, violations: [] });
  expect(sent).toContain('\r\n\r\n%PDF-1.7 one two three\r\n--');
});
