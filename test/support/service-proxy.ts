import { onTestFinished } from 'vitest';
import type { GatewayOverrides } from './gateway-options.ts';
import { createLogger } from '../../src/observability/logging/logger.ts';
import { sendJson, startHttpStub } from './http-stub.ts';
import type { StubHandler } from './http-stub.ts';
import { startGateway } from './start-gateway.ts';

const OPERATIONS: readonly (readonly [string, RegExp])[] = [
  ['createDossier', /^POST \/dossiers$/],
  ['getDossier', /^GET \/dossiers\/[^/]+$/],
  ['getRequestsByDossier', /^GET \/dossiers\/[^/]+\/signature-requests$/],
  ['getSignerByFiscalCode', /^POST \/signers$/],
  ['createSignatureRequest', /^POST \/signature-requests$/],
  ['getSignatureRequest', /^GET \/signature-requests\/[^/]+$/],
  ['setSignatureRequestStatus', /^PUT \/signature-requests\/[^/]+\/status$/],
  ['getDocumentUploadUrl', /^GET \/signature-requests\/[^/]+\/documents\/[^/]+\/upload_url$/],
  ['sendNotification', /^PUT \/signature-requests\/[^/]+\/notification$/],
  ['validateDocument', /^POST \/validate-document$/],
];

export const API_KEY = 'a-secret-issuer-key';
/** In every answer of the proxy itself: must appear in no response and no log. */
export const UPSTREAM_WORDS = 'words that only the service knows';

export interface SeenCall {
  readonly operation: string;
  /** In milliseconds of `performance.now()`. */
  readonly at: number;
}

/**
 * A gateway, a sandbox, and between them a proxy that fails the operations that a test names. The log of the gateway is
 * recorded.
 */
export async function startFailingGateway(overrides: GatewayOverrides = {}) {
  const failures = new Map<string, StubHandler>();
  const calls: SeenCall[] = [];
  let sandboxUrl = '';
  const stub = await startHttpStub(async (call, res, req, nth) => {
    const line = `${call.method} ${call.path.replace('/api/v1/sign', '').replace(/\?.*/s, '')}`;
    const operation = OPERATIONS.find(([, pattern]) => pattern.test(line))?.[0] ?? line;
    calls.push({ operation, at: performance.now() });
    const failure = failures.get(operation);
    if (failure !== undefined) return failure(call, res, req, nth);
    const type = call.headers['content-type'];
    const answer = await fetch(`${new URL(sandboxUrl).origin}${call.path}`, {
      method: call.method,
      headers: {
        'ocp-apim-subscription-key': API_KEY,
        ...(type !== undefined && { 'content-type': type }),
      },
      body: call.body.length === 0 ? null : new Uint8Array(call.body),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    return void res
      .writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
      .end(body);
  });
  const logs = logSink();
  const gateway = await startGateway({
    apiUrl: new URL(`${stub.origin}/api/v1/sign`),
    apiKey: API_KEY,
    logger: logs.logger,
    ...overrides,
  });
  sandboxUrl = gateway.sandbox.url;
  onTestFinished(() => void logs.expectNoSecrets());
  return {
    ...gateway,
    stub,
    /** Upstream calls so far, in order. */
    calls,
    count: (operation: string) => calls.filter((call) => call.operation === operation).length,
    logs,
    /** Sets the answer to an operation; without a handler it reaches the sandbox again. */
    fail(operation: string, handler?: StubHandler): void {
      if (handler === undefined) failures.delete(operation);
      else failures.set(operation, handler);
    },
  };
}

/** An error in the format of the backend. */
export const refuses =
  (status: number, detail: string = UPSTREAM_WORDS, headers: Record<string, string> = {}): StubHandler =>
  (_, res) =>
    sendJson(res, status, { title: UPSTREAM_WORDS, status, detail }, headers);

/** Secrets of the gateway and the service, which no response and no log may contain. */
const SECRETS: readonly RegExp[] = [
  new RegExp(API_KEY),
  new RegExp(UPSTREAM_WORDS),
  /sig=/,
  /SPNDNL80R13C555X/i,
];
/** Text that the log may contain and responses may not. */
const INTERNALS: readonly RegExp[] = [/\n? {2,}at .+:\d+/, /node_modules|\/src\//];

/** Fails if a text contains a key, a fiscal code, a pre-signed URL, words of the service or a stack. */
export function expectNoSecrets(text: string): string {
  return expectNone([...SECRETS, ...INTERNALS], text);
}

function expectNone(patterns: readonly RegExp[], text: string): string {
  for (const pattern of patterns) if (pattern.test(text)) throw new Error(`${pattern.source} is in: ${text}`);
  return text;
}

type Line = Readonly<Record<string, unknown>>;

/** A logger at the finest level, and its lines. */
export function logSink() {
  const written: string[] = [];
  const logger = createLogger({
    level: 'trace',
    secrets: [API_KEY],
    write: (line) => void written.push(line),
  });
  const parsed = (): Line[] => written.map((line): Line => JSON.parse(line));
  const isOfRequest = ({ msg }: Line): boolean => msg === 'operation' || msg === 'request';
  return {
    logger,
    /** All lines except the request lines. */
    lines: () => parsed().filter((line) => !isOfRequest(line)),
    /** The request lines. */
    requests: () => parsed().filter(isOfRequest),
    expectNoSecrets: () => expectNone(SECRETS, written.join('')),
  };
}
