import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { startSandbox } from '../../mocks/sandbox/http/server.ts';
import type { Sandbox, SandboxOptions } from '../../mocks/sandbox/http/server.ts';
import { makePdf } from '../support/pdf.ts';

const Document = z.looseObject({ id: z.string(), status: z.string() });
const Request = z.looseObject({ id: z.string(), status: z.string(), documents: z.array(Document) });
const WithId = z.looseObject({ id: z.string() });

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON. Undefined without a body. */
  readonly body: unknown;
}

/** A field that fits every PDF of `makePdf`. */
export const FIELD = {
  clause: { title: 'Firma del contratto', type: 'REQUIRED' },
  attrs: { coordinates: { x: 85, y: 676 }, page: 0, size: { w: 177, h: 77 } },
};

/** A citizen without a magic value. */
export const FISCAL_CODE = 'SPNDNL80R13C555X';

interface RequestOptions {
  /** The title of its dossier. */
  readonly title?: string;
  /** @default the signer of `FISCAL_CODE` */
  readonly signerId?: string;
  readonly expiresAt?: Date;
}

/** A sandbox that is closed after the test. Contract violations that the test has not read fail it. */
export async function sandboxForTest(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ timeScale: 0.001, ...options });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

/** A public body that calls the sandbox over HTTP. */
export function issuerOf(sandbox: Sandbox, apiKey = 'key') {
  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const raw = typeof body === 'string' || body instanceof FormData || body instanceof Uint8Array;
    const response = await fetch(`${sandbox.url}${path}`, {
      method,
      headers: {
        'ocp-apim-subscription-key': apiKey,
        ...(body !== undefined && !(body instanceof FormData) && { 'content-type': 'application/json' }),
        ...headers,
      },
      // The cast is safe: fetch accepts every byte view, whatever its buffer type.
      ...(body !== undefined && { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  const issuer = {
    url: sandbox.url,
    call,
    async createDossier(
      documents: readonly unknown[] = [{ title: 'Contratto', signature_fields: [FIELD] }],
      title = 'Assunzione',
    ) {
      const { body } = await call('POST', '/dossiers', {
        title,
        documents_metadata: documents,
      });
      return WithId.parse(body).id;
    },
    async findSigner(fiscalCode = FISCAL_CODE) {
      const { body } = await call('POST', '/signers', { fiscal_code: fiscalCode });
      return WithId.parse(body).id;
    },
    /** A request in DRAFT. */
    async createRequest(documents?: readonly unknown[], { title, signerId, expiresAt }: RequestOptions = {}) {
      const { body } = await call('POST', '/signature-requests', {
        dossier_id: await issuer.createDossier(documents, title),
        signer_id: signerId ?? (await issuer.findSigner()),
        expires_at: expiresAt?.toISOString(),
      });
      return Request.parse(body);
    },
    async read(id: string) {
      return Request.parse((await call('GET', `/signature-requests/${id}`)).body);
    },
    async uploadUrl(requestId: string, documentId: string) {
      const { body } = await call(
        'GET',
        `/signature-requests/${requestId}/documents/${documentId}/upload_url`,
      );
      return z.string().parse(body);
    },
    /** Uploads a file to a document of a request, the first by default. */
    async upload(
      request: z.infer<typeof Request>,
      file: Uint8Array<ArrayBuffer>,
      documentId = request.documents[0]?.id ?? '',
    ) {
      const url = await issuer.uploadUrl(request.id, documentId);
      return putBlob(url, file);
    },
    /** Reads the request until it matches. */
    async until(id: string, wanted: (request: z.infer<typeof Request>) => boolean) {
      return poll(async () => {
        const request = await issuer.read(id);
        return wanted(request) ? request : undefined;
      });
    },
    setStatus: (id: string, status: string) => call('PUT', `/signature-requests/${id}/status`, status),
    notify: (id: string) => call('PUT', `/signature-requests/${id}/notification`),
    /** A request whose only document is READY. */
    async createReadyToSend() {
      const request = await issuer.createRequest();
      await issuer.upload(request, await makePdf());
      return issuer.until(request.id, ({ documents }) => documents[0]?.status === 'READY');
    },
    /** A request that waits for its signer. */
    async createSent() {
      const { id } = await issuer.createReadyToSend();
      await issuer.setStatus(id, 'READY');
      return issuer.until(id, ({ status }) => status === 'WAIT_FOR_SIGNATURE');
    },
  };
  return issuer;
}

export function putBlob(url: string, file: Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(url, { method: 'PUT', headers: { 'x-ms-blob-type': 'BlockBlob' }, body: file });
}

/** Long because the machine may be busy: a passing test does not wait for it. */
const PATIENCE_MS = 15_000;

/** Tries until there is a value. */
export async function poll<T>(attempt: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await attempt();
    if (value !== undefined) return value;
    if (Date.now() > deadline)
      throw new Error(`What the test waits for did not happen within ${PATIENCE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The frozen time of tests. */
export const START = new Date('2026-03-05T09:14:07.412Z');
