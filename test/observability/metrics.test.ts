import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { CLOSED_LABELS } from '../support/closed-labels.ts';
import { draftOf } from '../support/draft.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { PERSONAL_DATA } from '../support/personal-data.ts';
import { exchange } from '../support/raw-http.ts';
import { scrape, valueOf } from '../support/scrape.ts';
import type { Sample } from '../support/scrape.ts';
import { API_KEY, refuses, startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

const METRICS = { host: '127.0.0.1', port: 0 };
/** Values that no label may contain. */
const FORBIDDEN = [...PERSONAL_DATA, /127\.0\.0\.1/, new RegExp(API_KEY)];
const FISCAL_CODE = 'SPNDNL80R13C555X';

function expectClosed(samples: readonly Sample[]): void {
  for (const { name, labels: found } of samples) {
    for (const [label, value] of Object.entries(found)) {
      for (const pattern of FORBIDDEN) expect(value, `${name} ${label}`).not.toMatch(pattern);
      // Metrics of the runtime have other labels, which Node sets.
      if (!name.startsWith('sigillo_') || label === 'le') continue;
      expect(CLOSED_LABELS[label], `${name} has a label ${label}`).toBeDefined();
      expect(CLOSED_LABELS[label], `${name}{${label}}`).toContain(value);
    }
  }
}

test('the values of all labels are from closed sets, and contain no data of callers', async () => {
  const world = await startFailingGateway({
    metrics: METRICS,
    protections: { allowedHosts: [] },
    load: { requestsInFlight: 50 },
  });
  const { run, upload, url } = world;
  const [target] = await draftOf(world);
  const pdf = await makePdf();
  await upload(mutationOf('uploadDocument'), { input: { ...target, file: null } }, pdf);
  await upload(mutationOf('uploadDocument'), { input: { ...target, file: null } }, Buffer.from('no PDF'));
  await run(`query ${FISCAL_CODE} { ${FISCAL_CODE}: dossier(id: "${FISCAL_CODE}") { id } }`);
  await run(`mutation Segreto($input: FindSignerInput!) { findSigner(input: $input) { __typename } }`, {
    input: { fiscalCode: 'not-one' },
  });
  await run(`{ ${FISCAL_CODE} }`);
  await run(`{ __schema { types { name } } a: dossier(id: "Segreto") { id } }`);
  await run('{ __typename }');
  await run('query A { a: __typename } query B { b: __typename }', {}, 'Segreto');
  await run('not GraphQL Segreto');
  await run('{ a: dossier(id: "a") { id } b: signatureRequest(id: "Segreto") { id } }');
  await run(mutationOf('markReady'), {
    input: { signatureRequestId: target.signatureRequestId, waitSeconds: 5 },
  });
  await fetch(`${url}?query=${FISCAL_CODE}`);
  await fetch(url, { method: 'PUT', body: 'Segreto' });
  await exchange(url, ['POST /graphql HTTP/1.1', `host: ${FISCAL_CODE}.evil.example`]);
  world.fail('getDossier', refuses(500, 'Segreto'));
  await run('{ dossier(id: "Segreto") { id } }');
  world.fail('getDossier', refuses(418, 'Segreto'));
  await run('{ dossier(id: "Segreto") { id } }');

  const samples = await scrape(world.metricsUrl);
  expectClosed(samples);
  const total = (name: string, found: Record<string, string>) => valueOf(samples, name, found);
  expect(total('sigillo_operations_total', { operation: 'uploadDocument', outcome: 'ok' })).toBe(1);
  expect(total('sigillo_operations_total', { operation: 'uploadDocument', outcome: 'refused' })).toBe(1);
  expect(total('sigillo_operations_total', { operation: 'several', outcome: 'ok' })).toBe(1);
  expect(total('sigillo_operations_total', { operation: 'introspection', outcome: 'ok' })).toBe(1);
  expect(total('sigillo_operations_total', { operation: 'dossier', outcome: 'failed' })).toBe(2);
  expect(total('sigillo_operations_total', { operation: 'unknown', type: 'unknown' })).toBeGreaterThan(2);
  expect(total('sigillo_errors_total', { code: 'NOT_A_PDF' })).toBe(1);
  expect(total('sigillo_errors_total', { code: 'INVALID_INPUT' })).toBe(1);
  expect(total('sigillo_errors_total', { code: 'UPSTREAM_UNAVAILABLE' })).toBe(1);
  expect(total('sigillo_upstream_calls_total', { operation: 'getDossier', outcome: 'server-error' })).toBe(1);
  expect(total('sigillo_upstream_calls_total', { operation: 'putBlob', outcome: 'ok' })).toBe(1);
  expect(total('sigillo_upstream_retries_total', { operation: 'getDossier', kind: 'server-error' })).toBe(2);
  expect(total('sigillo_uploads_total', { outcome: 'ok' })).toBe(1);
  expect(total('sigillo_uploads_total', { outcome: 'not-a-pdf' })).toBe(1);
  expect(total('sigillo_uploads_in_flight', {})).toBe(0);
  expect(total('sigillo_upload_bytes_total', {})).toBe(pdf.length);
  expect(total('sigillo_polls_total', {})).toBeGreaterThan(0);
  expect(total('sigillo_http_responses_total', { status: '200' })).toBeGreaterThan(10);
  expect(total('sigillo_dependency_up', { dependency: 'service' })).toBe(1);
  expect(total('nodejs_eventloop_lag_p99_seconds', {})).toBeGreaterThanOrEqual(0);
});

test('metrics are served at their own address only, to GET and HEAD', async () => {
  const { url, metricsUrl } = await startGateway({ metrics: METRICS });
  expect(new URL(metricsUrl).port).not.toBe(new URL(url).port);
  expect((await fetch(new URL('/metrics', url))).status).toBe(404);
  expect((await fetch(new URL('/', metricsUrl))).status).toBe(404);
  expect((await fetch(new URL('/graphql', metricsUrl))).status).toBe(404);
  expect((await fetch(metricsUrl, { method: 'POST' })).status).toBe(405);
  const answer = await fetch(metricsUrl, { method: 'HEAD' });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
});

test('operations of trusted documents are counted by name', async () => {
  const text = 'query Apri { dossier(id: "1") { id } }';
  const documentId = createHash('sha256').update(text).digest('hex');
  const trustedDocuments = new Map([[documentId, text]]);
  const { url, metricsUrl } = await startGateway({ metrics: METRICS, protections: { trustedDocuments } });
  const send = (body: object) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await send({ documentId });
  await send({ query: 'query Altro { dossier(id: "1") { id } }' });
  const samples = (await scrape(metricsUrl)).filter(({ name }) => name === 'sigillo_operations_total');
  expect(samples).toEqual([
    {
      name: 'sigillo_operations_total',
      labels: { type: 'query', operation: 'Apri', outcome: 'ok' },
      value: 1,
    },
    {
      name: 'sigillo_operations_total',
      labels: { type: 'unknown', operation: 'unknown', outcome: 'refused' },
      value: 1,
    },
  ]);
});

test('requests in flight and requests of disconnected clients are counted', async () => {
  const world = await startFailingGateway({ metrics: METRICS });
  let held = 0;
  world.fail('getDossier', () => void (held += 1));
  const controller = new AbortController();
  const left = fetch(world.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ dossier(id: \\"1\\") { id } }"}',
    signal: controller.signal,
  });
  await expect.poll(() => held).toBe(1);
  expect(valueOf(await scrape(world.metricsUrl), 'sigillo_requests_in_flight')).toBe(1);
  controller.abort();
  await expect(left).rejects.toThrow();
  await expect
    .poll(async () => {
      const samples = await scrape(world.metricsUrl);
      return [
        valueOf(samples, 'sigillo_requests_in_flight'),
        valueOf(samples, 'sigillo_http_responses_total', { status: 'left' }),
        valueOf(samples, 'sigillo_operations_total', { operation: 'dossier', outcome: 'left' }),
        valueOf(samples, 'sigillo_upstream_calls_total', { operation: 'getDossier', outcome: 'aborted' }),
      ];
    })
    .toEqual([0, 1, 1, 1]);
});

test('a subscription counts as one operation, and as an open stream until it ends', async () => {
  const world = await startGateway({ metrics: METRICS });
  const [{ signatureRequestId: id }] = await draftOf(world);
  const controller = new AbortController();
  const answer = await fetch(world.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({
      query: 'subscription Segreto($id: ID!) { signatureRequestChanged(id: $id) { status } }',
      variables: { id },
    }),
    signal: controller.signal,
  });
  await answer.body?.getReader().read();
  const gauges = async () => {
    const samples = await scrape(world.metricsUrl);
    expectClosed(samples);
    return {
      streams: valueOf(samples, 'sigillo_event_streams_open'),
      watched: valueOf(samples, 'sigillo_watched_requests'),
      inFlight: valueOf(samples, 'sigillo_requests_in_flight'),
      operations: valueOf(samples, 'sigillo_operations_total', {
        type: 'subscription',
        operation: 'signatureRequestChanged',
        outcome: 'ok',
      }),
    };
  };
  expect(await gauges()).toEqual({ streams: 1, watched: 1, inFlight: 0, operations: 1 });
  controller.abort();
  await expect.poll(gauges).toEqual({ streams: 0, watched: 0, inFlight: 0, operations: 1 });
});

test('the rate limiter, coalesced reads, the circuit breaker and idempotency keys are counted', async () => {
  const world = await startFailingGateway({ metrics: METRICS, circuit: { failures: 3, openMs: 60_000 } });
  const input = { title: 'Contratti', documents: [{ title: 'Uno' }], idempotencyKey: 'a-key-of-mine' };
  await world.run(mutationOf('createDossier'), { input });
  await world.run(mutationOf('createDossier'), { input });
  await Promise.all(Array.from({ length: 5 }, () => world.run('{ dossier(id: "1") { id } }')));
  world.fail('getDossier', refuses(500));
  for (let n = 0; n < 3; n += 1) await world.run('{ dossier(id: "1") { id } }');
  const samples = await scrape(world.metricsUrl);
  expectClosed(samples);
  const total = (name: string, found: Record<string, string>) => valueOf(samples, name, found);
  expect(
    total('sigillo_budget_wait_seconds_count', { priority: 'interactive', outcome: 'granted' }),
  ).toBeGreaterThan(2);
  expect(total('sigillo_upstream_coalesced_reads_total', { operation: 'getDossier' })).toBeGreaterThan(0);
  expect(total('sigillo_breaker_state', { origin: 'service', state: 'open' })).toBe(1);
  expect(total('sigillo_breaker_state', { origin: 'service', state: 'closed' })).toBe(0);
  expect(total('sigillo_breaker_state', { origin: 'storage', state: 'closed' })).toBe(1);
  expect(
    total('sigillo_upstream_calls_total', { operation: 'getDossier', outcome: 'circuit-open' }),
  ).toBeGreaterThan(0);
  expect(total('sigillo_idempotency_total', { outcome: 'first' })).toBe(1);
  expect(total('sigillo_idempotency_total', { outcome: 'replayed' })).toBe(1);
});
