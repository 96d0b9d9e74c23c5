import { request } from 'node:http';

// `node bench/uploads-client.ts <url> <uploads> <bytes>`: concurrent uploads, each from one buffer that is sent repeatedly.
const [, , url = '', ...numbers] = process.argv;
const [uploads = 0, bytes = 0] = numbers.map(Number);
const CHUNK = Buffer.alloc(256 * 1024, '%PDF-1.7 sigillo ');
/** As browsers make it: the parser skips as many bytes as the boundary is long. */
const BOUNDARY = '----WebKitFormBoundary7MA4YWxkTrZu0gW2';
const OPERATIONS = JSON.stringify({
  query: `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
    ... on UploadDocumentPayload { sizeBytes } ... on Error { code message } } }`,
  // The stub validates nothing, so there is no outcome to wait for.
  variables: {
    input: { signatureRequestId: 'request', documentId: 'document', file: null, waitSeconds: 0 },
  },
});
const part = (name: string, rest: string, value: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${rest}\r\n\r\n${value}`;
const head =
  part('operations', '', `${OPERATIONS}\r\n`) +
  part('map', '', '{"0":["variables.input.file"]}\r\n') +
  part('0', '; filename="a.pdf"', '');
const tail = `\r\n--${BOUNDARY}--\r\n`;

function upload(): Promise<void> {
  return new Promise((resolve, reject) => {
    const req = request(url, {
      method: 'POST',
      headers: {
        'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
        'content-length': head.length + bytes + tail.length,
      },
    });
    req.on('error', reject);
    req.on('response', async (res) => {
      let text = '';
      for await (const chunk of res) text += String(chunk);
      if (text === `{"data":{"uploadDocument":{"sizeBytes":${bytes}}}}`) resolve();
      else reject(new Error(text));
    });
    req.write(head);
    let left = bytes;
    const pump = (): void => {
      while (left > 0) {
        const chunk = CHUNK.subarray(0, Math.min(left, CHUNK.length));
        left -= chunk.length;
        if (!req.write(chunk)) return void req.once('drain', pump);
      }
      req.end(tail);
    };
    pump();
  });
}

await Promise.all(Array.from({ length: uploads }, upload));
process.send?.({ done: true });
process.disconnect?.();
