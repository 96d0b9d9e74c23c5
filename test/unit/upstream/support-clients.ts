import { expect, onTestFinished } from 'vitest';
import { createEvents } from '../../../src/observability/events.ts';
import { Queues } from '../../../src/observability/queues.ts';
import type { ApiCall } from '../../../src/upstream/call.ts';
import { CircuitBreaker } from '../../../src/upstream/pipeline/circuit-breaker.ts';
import { createIssuerClient } from '../../../src/upstream/clients.ts';
import type { UpstreamClientOptions } from '../../../src/upstream/clients.ts';
import { UpstreamError } from '../../../src/upstream/failure.ts';
import { sendJson, startHttpStub } from '../../support/http-stub.ts';
import type { StubHandler } from '../../support/http-stub.ts';
import { NO_PROXY } from '../../../src/upstream/connect-through.ts';

export const READ: ApiCall<unknown> = {
  operation: 'getDossier',
  method: 'GET',
  effect: 'read',
  path: '/dossiers/1',
  expect: [200],
  decode: (body) => body,
};
export const CREATE: ApiCall<unknown> = {
  ...READ,
  operation: 'createDossier',
  method: 'POST',
  effect: 'write',
  path: '/dossiers',
  body: { a: 1 },
};

export function issuerAt(origin: string, options: Partial<UpstreamClientOptions> = {}) {
  const issuer = createIssuerClient({
    baseUrl: new URL(`${origin}/api/v1/sign`),
    apiKey: 'the-key',
    storageHosts: [],
    timeoutMs: 30_000,
    connections: 5,
    proxyFor: NO_PROXY,
    rateLimit: { calls: 100_000, windowMs: 5_000 },
    operationTimeoutMs: 90_000,
    breaker: new CircuitBreaker({ origin: 'service', failures: 1_000, openMs: 1, events: createEvents() }),
    events: createEvents(),
    queues: new Queues(),
    ...options,
  });
  onTestFinished(() => issuer.shared.close());
  return issuer;
}

export const clientAt = (origin: string, options: Partial<UpstreamClientOptions> = {}) =>
  issuerAt(origin, options).shared;

export async function start(handler: StubHandler, options: Partial<UpstreamClientOptions> = {}) {
  const stub = await startHttpStub(handler);
  return { stub, client: clientAt(stub.origin, options) };
}

/** The failure of a call. Anything but an `UpstreamError` fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<UpstreamError> {
  const failure: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(UpstreamError);
  return failure as UpstreamError; // guaranteed by the line above
}

export const never: StubHandler = () => {};
export const ok: StubHandler = (_, res) => sendJson(res, 200, { fine: true });
