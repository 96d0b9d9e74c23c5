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

export const API_KEY = 'a-key-that-nobody-may-see';
/** In every answer that the proxy makes up: must reach neither a caller nor a log. */
export const UPSTREAM_WORDS = 'words that only the service knows';

export interface SeenCall {
  readonly operation: string;
  /** Of `performance.now()`. */
  readonly at: number;
}

/**
 * A gateway in front of a sandbox, and between the two a man in the middle who fails the operations that a test names,
 * as no healthy service does. What the gateway logs is kept.
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
    /** Calls of the service so far, in order. */
    calls,
    count: (operation: string) => calls.filter((call) => call.operation === operation).length,
    logs,
    /** From now on this operation is answered so; without a handler it reaches the sandbox again. */
    fail(operation: string, handler?: StubHandler): void {
      if (handler === undefined) failures.delete(operation);
      else failures.set(operation, handler);
    },
  };
}

/** A refusal in the backend's envelope. */
export const refuses =
  (status: number, detail: string = UPSTREAM_WORDS, headers: Record<string, string> = {}): StubHandler =>
  (_, res) =>
    sendJson(res, status, { title: UPSTREAM_WORDS, status, detail }, headers);

/** What nobody but the gateway and the service may see. */
const SECRETS: readonly RegExp[] = [
  new RegExp(API_KEY),
  new RegExp(UPSTREAM_WORDS),
  /sig=/,
  /SPNDNL80R13C555X/i,
];
/** What operators may see and callers may not. */
const INTERNALS: readonly RegExp[] = [/\n? {2,}at .+:\d+/, /node_modules|\/src\//];

/** Fails when a text that leaves the gateway holds a key, a fiscal code, a signed address, the service's words or a stack. */
export function expectNoSecrets(text: string): string {
  return expectNone([...SECRETS, ...INTERNALS], text);
}

function expectNone(patterns: readonly RegExp[], text: string): string {
  for (const pattern of patterns) if (pattern.test(text)) throw new Error(`${pattern.source} is in: ${text}`);
  return text;
}

type Line = Readonly<Record<string, unknown>>;

/** The gateway's logger at the finest level, and all that it wrote. */
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
    /** Without the line that every request has at its end. */
    lines: () => parsed().filter((line) => !isOfRequest(line)),
    /** The lines that requests have at their end. */
    requests: () => parsed().filter(isOfRequest),
    expectNoSecrets: () => expectNone(SECRETS, written.join('')),
  };
}
