import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { keysText, temporaryFile } from '../support/api-keys.ts';
import { draftOf } from '../support/draft.ts';
import { mutationOf } from '../support/operations.ts';
import { makePdf } from '../support/pdf.ts';
import { askForSignature } from '../support/request-signature.ts';
import { refuses, startFailingGateway } from '../support/service-proxy.ts';
import { jwtOptions, startTokenIssuer } from '../support/token-issuer.ts';

const CODE = 'SPNDNL80R13C555X';

type World = Awaited<ReturnType<typeof startFailingGateway>>;

/** The line of the only request. It is written after the answer, so it is awaited. */
async function lineOf({ logs }: World): Promise<Record<string, unknown>> {
  await expect.poll(() => logs.requests().length).toBe(1);
  const { time: _, ...line } = logs.requests()[0] ?? {};
  return line;
}

const post = (url: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'r-1', ...headers },
    body: JSON.stringify(body),
  });

const UNAUTHENTICATED_CALLER = { kind: 'none' };
const duration = expect.any(Number);

describe('each operation has a log line', () => {
  test('with its upstream calls and their duration', async () => {
    const world = await startFailingGateway();
    const query =
      'mutation FindSigner($input: FindSignerInput!) { findSigner(input: $input) { __typename } }';
    await post(world.url, { query, variables: { input: { fiscalCode: CODE } } });
    const line = await lineOf(world);
    expect(line).toEqual({
      level: 30,
      requestId: 'r-1',
      operation: { type: 'mutation', name: 'FindSigner', fields: ['findSigner'] },
      outcome: 'ok',
      errors: [],
      status: 200,
      durationMs: duration,
      upstream: { calls: 1, durationMs: duration },
      caller: UNAUTHENTICATED_CALLER,
      msg: 'operation',
    });
    const { upstream, durationMs } = line as { upstream: { durationMs: number }; durationMs: number };
    expect(upstream.durationMs).toBeGreaterThan(0);
    expect(upstream.durationMs).toBeLessThanOrEqual(durationMs);
  });

  test('with the upstream fault that is the cause in the result of requestSignature', async () => {
    const world = await startFailingGateway();
    world.fail('createDossier', refuses(404));
    await askForSignature(world.url, {}, [Buffer.from(await makePdf())]);
    expect(await lineOf(world)).toMatchObject({
      errors: ['REQUEST_SIGNATURE_INCOMPLETE'],
      faults: ['createDossier: not-found (HTTP 404)'],
    });
  });

  test('also if it has no name and makes no upstream call', async () => {
    const world = await startFailingGateway();
    await post(world.url, { query: '{ __typename }' });
    expect(await lineOf(world)).toEqual({
      level: 30,
      requestId: 'r-1',
      operation: { type: 'query', fields: ['__typename'] },
      outcome: 'ok',
      errors: [],
      status: 200,
      durationMs: duration,
      caller: UNAUTHENTICATED_CALLER,
      msg: 'operation',
    });
  });

  test('with the codes of errors in the results of mutations', async () => {
    const world = await startFailingGateway();
    const query = `mutation Two($a: FindSignerInput!, $b: MarkReadyInput!) {
      a: findSigner(input: $a) { __typename } b: markReady(input: $b) { __typename } c: markReady(input: $b) { __typename } }`;
    const variables = { a: { fiscalCode: 'wrong' }, b: { signatureRequestId: 'unknown' } };
    await post(world.url, { query, variables });
    expect(await lineOf(world)).toMatchObject({
      level: 30,
      operation: { type: 'mutation', name: 'Two', fields: ['findSigner', 'markReady'] },
      outcome: 'refused',
      errors: ['INVALID_INPUT', 'NOT_FOUND'],
      status: 200,
    });
  });

  test('with the code of an upstream fault, whose own line has the same request id', async () => {
    const world = await startFailingGateway();
    world.fail('getDossier', refuses(401));
    await post(world.url, { query: 'query A { a: dossier(id: "1") { id } }' });
    expect(await lineOf(world)).toMatchObject({
      level: 30,
      requestId: 'r-1',
      operation: { type: 'query', name: 'A', fields: ['dossier'] },
      outcome: 'failed',
      errors: ['UPSTREAM_REFUSED'],
      upstream: { calls: 1 },
    });
    expect(world.logs.lines()).toMatchObject([{ level: 40, requestId: 'r-1', code: 'UPSTREAM_REFUSED' }]);
  });

  test('with the calls to the storage of an upload', async () => {
    const world = await startFailingGateway();
    const [target] = await draftOf(world);
    const count = world.logs.requests().length;
    const variables = { input: { ...target, file: null, waitSeconds: 0 } };
    await world.upload(mutationOf('uploadDocument'), variables, new Uint8Array(await makePdf()));
    await expect.poll(() => world.logs.requests().length).toBe(count + 1);
    const stored = world.sandbox.journal.entries().filter(({ operationId }) => operationId === 'putBlob');
    expect(stored).toHaveLength(1);
    const { upstream } = world.logs.requests()[count] as { upstream: { calls: number } };
    // The upload URL, the file, and the request after it.
    expect(upstream.calls).toBe(3);
  });

  test('with the fields of the schema, also of fragments, each once', async () => {
    const world = await startFailingGateway();
    const query = `query Q { ...F ... on Query { b: signatureRequest(id: "1") { id } } ...F }
      fragment F on Query { a: dossier(id: "1") { id } ${CODE}: dossier(id: "2") { id } ...G }
      fragment G on Query { __typename }`;
    await post(world.url, { query });
    expect(await lineOf(world)).toMatchObject({
      operation: { fields: ['dossier', '__typename', 'signatureRequest'] },
      upstream: { calls: 3 },
    });
  });

  test('with a name of limited length, without fiscal codes', async () => {
    const world = await startFailingGateway();
    await post(world.url, { query: `query find${CODE}${'x'.repeat(500)} { __typename }` });
    const { operation } = (await lineOf(world)) as { operation: { name: string } };
    expect(operation.name).toBe(`find[fiscal code]${'x'.repeat(83)}…`);
  });

  test('also if the client disconnects before the answer', async () => {
    const world = await startFailingGateway();
    world.fail('getDossier', () => {});
    const client = request(world.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'r-1' },
    });
    client.on('error', () => {});
    client.end(JSON.stringify({ query: 'query Slow { dossier(id: "1") { id } }' }));
    await expect.poll(() => world.count('getDossier')).toBe(1);
    client.destroy();
    expect(await lineOf(world)).toMatchObject({
      operation: { name: 'Slow', fields: ['dossier'] },
      outcome: 'left',
    });
  });
});

describe('each refused request has a line', () => {
  const overLong = 'x'.repeat(1_000_001);
  test.each<[string, object, Record<string, unknown>]>([
    ['no GraphQL', { query: '{' }, { method: 'POST', errors: ['GRAPHQL_PARSE_FAILED'], status: 200 }],
    ['a wrong field', { query: 'query Q { nope }' }, { operation: { type: 'query', name: 'Q', fields: [] } }],
    ['too many fields', { query: many() }, { errors: ['OPERATION_TOO_COSTLY'], operation: { fields: [] } }],
    [
      'a large body',
      { query: overLong },
      { method: 'POST', errors: ['REQUEST_ENTITY_TOO_LARGE'], status: 413 },
    ],
  ])('%s', async (_, body, facts) => {
    const world = await startFailingGateway();
    await post(world.url, body);
    expect(await lineOf(world)).toMatchObject({ level: 30, requestId: 'r-1', outcome: 'refused', ...facts });
  });

  test('too many requests: status 429', async () => {
    const world = await startFailingGateway({ protections: { requestsPerMinute: 1 } });
    await post(world.url, { query: '{ __typename }' });
    await post(world.url, { query: '{ __typename }' });
    await expect.poll(() => world.logs.requests().length).toBe(2);
    const [ok, refused] = world.logs.requests();
    expect(ok).toMatchObject({ outcome: 'ok' });
    expect(refused).toMatchObject({ outcome: 'refused', status: 429, errors: ['TOO_MANY_REQUESTS'] });
    expect(refused).not.toHaveProperty('operation');
  });

  test('an overloaded gateway: status 503', async () => {
    const world = await startFailingGateway({ load: { requestsInFlight: 0 } });
    await post(world.url, { query: '{ __typename }' });
    expect(await lineOf(world)).toMatchObject({ outcome: 'refused', status: 503, errors: ['OVERLOADED'] });
  });

  test('an unknown path: status 404', async () => {
    const world = await startFailingGateway();
    await fetch(new URL('/nowhere', world.url));
    expect(await lineOf(world)).toMatchObject({
      level: 30,
      method: 'GET',
      outcome: 'refused',
      status: 404,
      errors: ['ADDRESS_NOT_FOUND'],
    });
  });

  test('at level debug only for pages', async () => {
    const world = await startFailingGateway();
    await fetch(world.url, { headers: { accept: 'text/html' } });
    expect(await lineOf(world)).toMatchObject({ level: 20, method: 'GET', outcome: 'ok', status: 200 });
  });
});

function many(): string {
  return `query Many { ${Array.from({ length: 301 }, (_, nth) => `a${nth}: __typename`).join(' ')} }`;
}

describe('the line names the caller', () => {
  const ask = { query: '{ __typename }' };

  test('of a token: role, tenant and subject', async () => {
    const issuer = await startTokenIssuer();
    const world = await startFailingGateway({
      auth: jwtOptions(issuer.url),
      apiKey: new Map([['alfa', 'alfa-secret-key']]),
    });
    const token = await issuer.sign({ role: 'reader', tenant: 'alfa', sub: 'u-1' });
    await post(world.url, ask, { authorization: `Bearer ${token}` });
    expect(await lineOf(world)).toMatchObject({
      caller: { kind: 'jwt', role: 'reader', tenant: 'alfa', subject: 'u-1' },
    });
  });

  test.each([CODE, CODE.toLowerCase(), `TINIT-${CODE}`, `cf_${CODE}@comune.example.it`])(
    'without a fiscal code, although the subject is %s',
    async (sub) => {
      const issuer = await startTokenIssuer();
      const world = await startFailingGateway({ auth: jwtOptions(issuer.url) });
      const token = await issuer.sign({ role: 'citizen', fiscal_code: CODE, sub });
      await post(world.url, ask, { authorization: `Bearer ${token}` });
      expect(await lineOf(world)).toMatchObject({
        caller: {
          kind: 'jwt',
          role: 'citizen',
          subject: sub.replace(new RegExp(CODE, 'i'), '[fiscal code]'),
        },
      });
      world.logs.expectNoSecrets();
    },
  );

  test('of an API key: its name', async () => {
    const file = temporaryFile(
      'keys.json',
      keysText({ 'opaque-key': { name: 'portale', role: 'operator' } }),
    );
    const world = await startFailingGateway({ auth: { mode: 'api-key', file } });
    await post(world.url, ask, { 'x-api-key': 'opaque-key' });
    expect(await lineOf(world)).toMatchObject({
      outcome: 'ok',
      caller: { kind: 'api-key', role: 'operator', subject: 'portale' },
    });
  });

  test('or that it is unknown: 401', async () => {
    const issuer = await startTokenIssuer();
    const world = await startFailingGateway({ auth: jwtOptions(issuer.url) });
    await post(world.url, ask);
    const line = await lineOf(world);
    expect(line).toMatchObject({ outcome: 'refused', status: 401, errors: ['UNAUTHENTICATED'] });
    expect(line).not.toHaveProperty('caller');
  });

  test('or that it is forbidden: 403', async () => {
    const issuer = await startTokenIssuer();
    const world = await startFailingGateway({ auth: jwtOptions(issuer.url) });
    const token = await issuer.sign({ role: 'admin' });
    await post(world.url, ask, { authorization: `Bearer ${token}` });
    expect(await lineOf(world)).toMatchObject({ outcome: 'refused', status: 403, errors: ['FORBIDDEN'] });
  });
});

test('concurrent requests have separate lines', async () => {
  const world = await startFailingGateway();
  const numbers = Array.from({ length: 20 }, (_, nth) => nth);
  await Promise.all(
    numbers.map((nth) => {
      const fields = numbers.slice(0, nth + 1).map((id) => `a${id}: dossier(id: "${nth}-${id}") { id }`);
      return post(
        world.url,
        { query: `query Q${nth} { ${fields.join(' ')} }` },
        { 'x-request-id': `r-${nth}` },
      );
    }),
  );
  await expect.poll(() => world.logs.requests().length).toBe(20);
  for (const nth of numbers) {
    const line = world.logs.requests().find(({ requestId }) => requestId === `r-${nth}`);
    expect(line).toMatchObject({ operation: { name: `Q${nth}` }, upstream: { calls: nth + 1 } });
  }
});
