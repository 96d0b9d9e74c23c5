import { request } from 'node:http';
import { START, issuerOf, sandboxForTest } from './support-issuer.ts';
import { signedRequest } from './support-signing.ts';

export const MINUTE_MS = 60_000;

/** A storage that creates URLs of every kind. Each URL is for another blob. */
export interface StorageUnderTest {
  /** For a blob that does not exist yet, with permission to read, add, create and write it. */
  fresh(): Promise<string>;
  expired(): Promise<string>;
  notYetValid(): Promise<string>;
  /** For an existing blob, with permission to read it. */
  readOnly(): Promise<string>;
}

/** The storage of the sandbox, on frozen clocks so that no validation moves a file. */
export const SANDBOX_STORAGE: StorageUnderTest = {
  fresh: async () => (await freshUpload()).url,
  async expired() {
    const { url, clock } = await freshUpload();
    await clock.advance(15 * MINUTE_MS);
    return url;
  },
  async notYetValid() {
    const { url, clock } = await freshUpload();
    clock.freeze(START.getTime() - MINUTE_MS);
    return url;
  },
  async readOnly() {
    const { issuer, id } = await signedRequest();
    return String((await issuer.read(id)).documents[0]?.['url']);
  },
};

/** An upload URL of a new document, on a frozen clock so that no validation moves the file. */
export async function freshUpload() {
  const sandbox = await sandboxForTest({ frozenAt: START });
  const { clock } = sandbox;
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  const url = await issuer.uploadUrl(request.id, request.documents[0]?.id ?? '');
  return { clock, sandbox, issuer, request, url };
}

export const BLOCK_BLOB = { 'x-ms-blob-type': 'BlockBlob' } as const;

export interface StorageCall {
  /** @default PUT */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Sends the body in chunks, without a length. */
  readonly chunked?: boolean;
}

export interface StorageReply {
  readonly status: number | undefined;
  /** `x-ms-error-code`. */
  readonly code: string | undefined;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

/** One call without additional headers: `fetch` would add a length and a type. */
export function send(
  url: string,
  { method = 'PUT', headers = {}, body = '', chunked = false }: StorageCall = {},
): Promise<StorageReply> {
  const length = chunked || method !== 'PUT' ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const call = request(url, { method, agent: false, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        const flat = Object.entries(response.headers).map(([key, value]) => [key, value?.toString()]);
        resolve({
          status: response.statusCode,
          code: response.headers['x-ms-error-code']?.toString(),
          headers: Object.fromEntries(flat),
          text: Buffer.concat(chunks).toString(),
        });
      });
    });
    call.once('error', reject);
    if (chunked) call.write(body);
    call.end(chunked ? undefined : body);
  });
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The URL of a block of a blob. Encodes `id`. */
export function blockUrl(url: string, id: string): string {
  return `${url}&comp=block&blockid=${encodeURIComponent(base64(id))}`;
}

export const putBlob = (url: string, body: string, headers: Readonly<Record<string, string>> = {}) =>
  send(url, { headers: { ...BLOCK_BLOB, ...headers }, body });

export const putBlock = (url: string, id: string, body: string) => send(blockUrl(url, id), { body });

/** @param entries kind and id, such as 'Latest b1' */
export function putList(url: string, ...entries: readonly string[]) {
  const xml = entries.map((entry) => {
    const [kind = '', id = ''] = entry.split(' ');
    return `<${kind}>${base64(id)}</${kind}>`;
  });
  return send(`${url}&comp=blocklist`, {
    body: `<?xml version="1.0" encoding="utf-8"?><BlockList>${xml.join('')}</BlockList>`,
  });
}

export const get = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  send(url, { method: 'GET', headers });
