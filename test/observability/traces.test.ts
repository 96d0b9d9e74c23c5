import { context, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logging/logger.ts';
import { startSigned } from '../support/downloads.ts';
import { draftOf } from '../support/draft.ts';
import { startHttpStub } from '../support/http-stub.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { PERSONAL_DATA } from '../support/personal-data.ts';
import { API_KEY, refuses, startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';

const manager = new AsyncLocalStorageContextManager().enable();
beforeAll(() => void context.setGlobalContextManager(manager));
afterAll(() => context.disable());

/** A tracer and its spans, in the order in which they ended. */
function startTracer() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  return { tracer: provider.getTracer('test'), spans: () => exporter.getFinishedSpans() };
}

/** The parts of a span that the tests compare. */
const factsOf = ({ name, kind, attributes, status }: ReadableSpan) => ({
  name,
  kind,
  attributes,
  status: status.code,
});

const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId;
const traceOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().traceId;

/** The names of the spans as a tree, indented below their parents. */
function treeOf(spans: readonly ReadableSpan[]): string {
  const ids = new Set(spans.map(idOf));
  const below = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter(({ parentSpanContext: of }) =>
        parent === undefined ? of === undefined || !ids.has(of.spanId) : of?.spanId === parent,
      )
      .toSorted((a, b) => Number(a.startTime[0] - b.startTime[0]) || Number(a.startTime[1] - b.startTime[1]))
      .flatMap((span) => ['  '.repeat(depth) + span.name, ...below(idOf(span), depth + 1)]);
  return below(undefined, 0).join('\n');
}

/** Values that no span may contain. */
const FORBIDDEN = [...PERSONAL_DATA, /\?/, new RegExp(API_KEY)];

function expectNothingPersonal(spans: readonly ReadableSpan[]): void {
  for (const { name, attributes, events, links, status } of spans) {
    const text = JSON.stringify({ name, attributes, events, links, status });
    for (const pattern of FORBIDDEN) expect(text).not.toMatch(pattern);
  }
}

const query = (url: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

test('an upload is one trace: request, field, and each call to the service and the storage', async () => {
  const { tracer, spans } = startTracer();
  const storage = await startHttpStub((_, res) => void res.writeHead(201).end());
  const world = await startFailingGateway({ tracer, storageHosts: [storage.origin] });
  const [target] = await draftOf(world);
  world.fail('getDocumentUploadUrl', (_, res) => {
    const address = `${storage.origin}/uploads/${target.documentId}?sig=Segreto&se=2100-01-01T00:00:00Z`;
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(address));
  });
  const before = spans().length;
  const input = { ...target, file: null, waitSeconds: 0 };
  await world.upload(mutationOf('uploadDocument'), { input }, await makePdf());

  const made = spans().slice(before);
  expect(treeOf(made)).toBe(
    [
      'mutation uploadDocument',
      '  Mutation.uploadDocument',
      '    getSignatureRequest',
      '    getDocumentUploadUrl',
      '    putBlob',
    ].join('\n'),
  );
  expect(new Set(made.map(traceOf)).size).toBe(1);
  const named = (name: string) => made.find((span) => span.name === name) ?? expect.fail(name);
  expect(factsOf(named('mutation uploadDocument'))).toMatchObject({
    kind: SpanKind.SERVER,
    status: SpanStatusCode.UNSET,
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/graphql',
      'http.response.status_code': 200,
      'graphql.operation.type': 'mutation',
      'graphql.operation.name': 'uploadDocument',
    },
  });
  expect(factsOf(named('getDocumentUploadUrl'))).toMatchObject({
    kind: SpanKind.CLIENT,
    attributes: {
      'http.request.method': 'GET',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(world.stub.origin).port),
    },
  });
  expect(factsOf(named('putBlob'))).toMatchObject({
    kind: SpanKind.CLIENT,
    attributes: { 'http.request.method': 'PUT', 'server.port': Number(new URL(storage.origin).port) },
  });
  expectNothingPersonal(spans());

  // The service receives the trace context, the storage does not.
  const call = world.stub.calls.findLast(({ path }) => path.endsWith('/upload_url'));
  const span = named('getDocumentUploadUrl');
  expect(call?.headers['traceparent']).toBe(`00-${traceOf(span)}-${idOf(span)}-01`);
  expect(storage.calls).toHaveLength(1);
  expect(storage.calls[0]?.headers).not.toHaveProperty('traceparent');
});

test('a download is one trace, which does not contain its URL', async () => {
  const { tracer, spans } = startTracer();
  const world = await startSigned({ tracer });
  const answer = await fetch(world.file);
  expect(answer.status).toBe(200);
  await answer.arrayBuffer();
  expect(treeOf(spans())).toBe(
    ['GET /documents/{requestId}/{documentId}.pdf', '  getSignatureRequest', '  getBlob'].join('\n'),
  );
  expectNothingPersonal(spans());
});

test('the trace of a caller continues in the gateway and the service, without its tracestate and baggage', async () => {
  const { tracer, spans } = startTracer();
  const world = await startFailingGateway({ tracer });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const headers = {
    traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    tracestate: 'who=Segreto',
    baggage: 'who=Segreto',
  };
  await query(world.url, { query: '{ dossier(id: "Segreto") { id } }' }, headers);
  expect(treeOf(spans())).toBe('query dossier\n  Query.dossier\n    getDossier');
  expect(spans().map(traceOf)).toEqual([traceId, traceId, traceId]);
  expect(spans().at(-1)?.parentSpanContext?.spanId).toBe('00f067aa0ba902b7');
  const [call] = world.stub.calls;
  expect(call?.headers['traceparent']).toBe(`00-${traceId}-${idOf(spans()[0])}-01`);
  expect(call?.headers).not.toHaveProperty('tracestate');
  expect(call?.headers).not.toHaveProperty('baggage');
  expectNothingPersonal(spans());
});

test.each([
  'Segreto',
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
  `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01${'x'.repeat(100)}`,
])('an invalid traceparent begins a new trace: %s', async (traceparent) => {
  const { tracer, spans } = startTracer();
  const { url } = await startGateway({ tracer });
  expect((await query(url, { query: '{ __typename }' }, { traceparent })).status).toBe(200);
  expect(spans()).toHaveLength(1);
  expect(spans()[0]?.parentSpanContext).toBeUndefined();
});

test('a trace that the caller does not sample is not sampled, and the service receives that flag', async () => {
  const { tracer, spans } = startTracer();
  const world = await startFailingGateway({ tracer });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traceparent = `00-${traceId}-00f067aa0ba902b7-00`;
  await query(world.url, { query: '{ dossier(id: "1") { id } }' }, { traceparent });
  expect(spans()).toEqual([]);
  expect(world.stub.calls[0]?.headers['traceparent']).toMatch(new RegExp(`^00-${traceId}-[\\da-f]{16}-00$`));
});

test('failed spans have the kind of the failure, and refusals are not failures', async () => {
  const { tracer, spans } = startTracer();
  const world = await startFailingGateway({ tracer });
  world.fail('getDossier', refuses(500, 'Segreto'));
  await world.run('query Segreto { Segreto: dossier(id: "Segreto") { id } }');
  expect(spans().map(factsOf)).toMatchObject([
    {
      name: 'getDossier',
      status: SpanStatusCode.ERROR,
      attributes: { 'error.type': 'server-error', 'http.response.status_code': 500 },
    },
    { name: 'Query.dossier', status: SpanStatusCode.ERROR },
    {
      name: 'query dossier',
      status: SpanStatusCode.ERROR,
      attributes: { 'error.type': 'UPSTREAM_UNAVAILABLE' },
    },
  ]);
  await world.run(mutationOf('findSigner'), { input: { fiscalCode: 'Segreto' } });
  expect(spans().slice(3).map(factsOf)).toMatchObject([
    {
      name: 'Mutation.findSigner',
      status: SpanStatusCode.UNSET,
      attributes: { 'sigillo.result.code': 'INVALID_INPUT' },
    },
    { name: 'mutation findSigner', status: SpanStatusCode.UNSET },
  ]);
  await world.run('{ Segreto }');
  expect(spans().slice(-1).map(factsOf)).toMatchObject([
    { name: 'POST /graphql', status: SpanStatusCode.UNSET },
  ]);
  await fetch(new URL('/Segreto', world.url), { method: 'POST' });
  expect(spans().slice(-1).map(factsOf)).toMatchObject([
    { name: 'POST', attributes: { 'http.response.status_code': 404 } },
  ]);
  await fetch(world.url, { method: 'PUT', body: 'Segreto' });
  expect(spans().slice(-1).map(factsOf)).toMatchObject([{ name: 'PUT /graphql' }]);
  expectNothingPersonal(spans());
});

test('concurrent requests have separate traces', async () => {
  const { tracer, spans } = startTracer();
  const world = await startFailingGateway({ tracer });
  await Promise.all(Array.from({ length: 20 }, (_, nth) => world.run(`{ dossier(id: "${nth}") { id } }`)));
  expect(treeOf(spans())).toBe(
    Array.from({ length: 20 }, () => 'query dossier\n  Query.dossier\n    getDossier').join('\n'),
  );
  expect(new Set(spans().map(traceOf)).size).toBe(20);
});

test('log lines have the ids of their trace and span', async () => {
  const { tracer, spans } = startTracer();
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', write: (line) => void lines.push(line) });
  const world = await startFailingGateway({ tracer, logger });
  world.fail('getDossier', refuses(500, 'Segreto'));
  await world.run('{ dossier(id: "1") { id } }');
  const request = spans().at(-1);
  const fault = lines.map((line): object => JSON.parse(line)).find((line) => 'code' in line);
  expect(fault).toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    trace_id: traceOf(request),
    span_id: idOf(request),
    requestId: expect.any(String),
  });
});

test('probes have no spans', async () => {
  const { tracer, spans } = startTracer();
  const { url } = await startGateway({ tracer });
  for (const path of ['/health', '/ready']) await fetch(new URL(path, url));
  expect(spans()).toEqual([]);
});
