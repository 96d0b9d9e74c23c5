import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { HttpClient } from '../../src/upstream/http-client.ts';
import { getDossier } from '../../src/upstream/operations/get-dossier.ts';
import { putBlob } from '../../src/upstream/storage/blobs.ts';
import { createStorage } from '../../src/upstream/storage/create-storage.ts';
import { startBlobStub } from '../support/blob-stub.ts';
import { startHttpStub } from '../support/http-stub.ts';
import { FORMATS } from '../support/request-formats.ts';
import { startFailingGateway } from '../support/service-proxy.ts';
import { startGateway } from '../support/start-gateway.ts';
import { startMain } from '../support/start-main.ts';
import { NO_PROXY } from '../../src/upstream/connect-through.ts';

/*
 * JSON bodies are written by hand here: JSON.stringify is recursive and would overflow the stack before the gateway is
 * reached.
 */

const nest = (open: string, inner: string, close: string, levels: number): string =>
  `${open.repeat(levels)}${inner}${close.repeat(levels)}`;
const list = (levels: number): string => nest('[', '', ']', levels);
const jsonObject = (levels: number): string => nest('{"a":', '1', '}', levels);

/** Operations whose brackets are nested to the given depth. */
const OPERATIONS: Readonly<Record<string, (levels: number) => string>> = {
  'a list as an argument': (levels) => `{ dossier(id: ${list(levels - 2)}) { id } }`,
  'a list that is never closed': (levels) => `{ dossier(id: ${'['.repeat(levels - 2)}`,
  'an object as an argument': (levels) => `{ dossier(id: ${nest('{a:', '1', '}', levels - 2)}) { id } }`,
  'objects in lists': (levels) => `{ dossier(id: ${nest('[{a:', '1', '}]', (levels - 2) / 2)}) { id } }`,
  'an argument of a directive': (levels) => `{ __typename @skip(if: ${list(levels - 2)}) }`,
  'a selection': (levels) => nest('{a', '', '}', levels),
  'inline fragments': (levels) => nest('{...', '{__typename}', '}', levels - 1),
  'the type of a variable': (levels) => `query ($a: ${nest('[', 'Int', ']', levels - 1)}) { __typename }`,
  'the default of a variable': (levels) => `query ($a: Int = ${list(levels - 1)}) { __typename }`,
  'a subscription': (levels) => `subscription { signatureRequestChanged(id: ${list(levels - 2)}) { id } }`,
  'a mutation': (levels) => `mutation { findSigner(input: ${list(levels - 2)}) { __typename } }`,
  'the definition of a type': (levels) => `type A { a(a: ${nest('[', 'Int', ']', levels - 2)}): Int }`,
};

/** JSON bodies with one parameter nested to the given depth. */
const BODIES: Readonly<Record<string, (levels: number) => string>> = {
  ...Object.fromEntries(
    Object.entries(OPERATIONS).map(([name, operation]) => [
      name,
      (levels: number) => `{"query":"${operation(levels)}"}`,
    ]),
  ),
  'a variable': (levels) =>
    `{"query":"query ($id: ID!) { dossier(id: $id) { id } }","variables":{"id":${list(levels - 1)}}}`,
  'a list of a variable': (levels) =>
    `{"query":"mutation ($input: CreateDossierInput!) { createDossier(input: $input) { __typename } }",
      "variables":{"input":{"title":"Contratti","documents":${list(levels - 2)}}}}`,
  'a variable that the operation does not have': (levels) =>
    `{"query":"{ __typename }","variables":${jsonObject(levels)}}`,
  extensions: (levels) => `{"query":"{ __typename }","extensions":${jsonObject(levels)}}`,
  'a persisted query': (levels) => `{"extensions":{"persistedQuery":${jsonObject(levels - 1)}}}`,
  operationName: (levels) => `{"query":"{ __typename }","operationName":${list(levels)}}`,
};

/** Status and error codes of the response to a JSON body. */
async function refusalOf(url: string, body: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
  const response = await fetch(url, { method: 'POST', headers, body });
  const { errors = [] }: { errors?: { extensions: { code: string } }[] } = JSON.parse(await response.text());
  return { status: response.status, codes: errors.map(({ extensions }) => extensions.code) };
}

const TOO_DEEP = { status: 400, codes: ['TOO_DEEPLY_NESTED'] };

test.each(Object.entries(BODIES))('%s: refused beyond 100 levels, at any depth', async (_, bodyOf) => {
  const { url, logs, calls } = await startFailingGateway();
  expect(await refusalOf(url, bodyOf(100))).not.toEqual(TOO_DEEP);
  for (const levels of [102, 1_000, 1_800, 20_000, 200_000].filter(
    (depth) => bodyOf(depth).length < 1_000_000,
  ))
    expect(await refusalOf(url, bodyOf(levels)), `${levels} levels`).toEqual(TOO_DEEP);
  expect(logs.lines().filter(({ level }) => Number(level) >= 50)).toEqual([]);
  expect(calls).toEqual([]);
});

test('a process that has just started, whose code is not yet compiled, refuses them too', async () => {
  const { url } = await startMain({});
  const argument = BODIES['a list as an argument'];
  expect(await refusalOf(url, argument?.(1_800) ?? '')).toEqual(TOO_DEEP);
});

test.each(Object.entries(FORMATS))('%s is refused too', async (_, send) => {
  const { url, sandbox } = await startGateway();
  for (const sent of [
    { query: `{ dossier(id: ${list(1_000)}) { id } }` },
    { query: '{ __typename }', variables: { id: JSON.parse(list(1_000)) } },
    { query: '{ __typename }', extensions: { id: JSON.parse(list(1_000)) } },
  ])
    expect(await (await send(url, sent)).text()).toContain('"code":"TOO_DEEPLY_NESTED"');
  expect(sandbox.journal.entries()).toEqual([]);
});

test('nested parameters of a trusted document are refused too', async () => {
  const query = 'query ($id: ID!) { dossier(id: $id) { id } }';
  const documentId = createHash('sha256').update(query).digest('hex');
  const { url } = await startGateway({ protections: { trustedDocuments: new Map([[documentId, query]]) } });
  const body = `{"documentId":"${documentId}","variables":{"id":${list(20_000)}}}`;
  expect(await refusalOf(url, body)).toEqual(TOO_DEEP);
  expect(await refusalOf(url, `{"documentId":${list(20_000)}}`)).toMatchObject({ status: 400 });
});

test.each([
  ['a list', list(200_000)],
  ['a list that is never closed', '['.repeat(400_000)],
])('a body that consists of %s is refused', async (_, body) => {
  const { url } = await startGateway();
  expect(await refusalOf(url, body)).toEqual({ status: 400, codes: ['BAD_REQUEST'] });
});

test('brackets in strings and comments, and brackets side by side, do not count', async () => {
  const { run } = await startGateway();
  const brackets = '[({'.repeat(200);
  const fields = Array.from({ length: 120 }, (_, n) => `a${n}: dossier(id: "x") { id }`).join(' ');
  const query = `{ # ${brackets}\n ${fields}
    b: dossier(id: "${brackets}") { id } c: dossier(id: """${brackets} \\""" ${brackets}""") { id } }`;
  expect((await run(query)).errors).toBeUndefined();
});

test('two hundred fragments that each use the next are allowed', async () => {
  const { url } = await startGateway();
  const fragments = Array.from({ length: 200 }, (_, n) => `fragment F${n} on Query { ...F${n + 1} }`).join(
    ' ',
  );
  const body = JSON.stringify({ query: `{ ...F0 } ${fragments} fragment F200 on Query { __typename }` });
  expect(await refusalOf(url, body)).toEqual({ status: 200, codes: [] });
});

test.each([
  ['a list', list(1_000_000)],
  ['a member that the contract does not have', `{"id":"d1","extra":${list(1_000_000)}}`],
  ['a member that the contract has', `{"id":${list(500_000)},"title":${jsonObject(500_000)}}`],
  ['the items of a list', `{"id":"d1","documents_metadata":${list(1_000_000)}}`],
])('an upstream answer that nests %s a million times is a contract violation', async (_, body) => {
  for (const status of [200, 400, 500]) {
    const stub = await startHttpStub((__, res) => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    const client = new HttpClient({
      baseUrl: new URL(stub.origin),
      apiKey: 'a-key',
      storageHosts: [],
      timeoutMs: 20_000,
      connections: 1,
      proxyFor: NO_PROXY,
    });
    onTestFinished(() => client.close());
    await expect(getDossier(client, 'd1')).rejects.toMatchObject({
      name: 'UpstreamError',
      kind: { 200: 'contract', 400: 'bad-request', 500: 'server-error' }[status],
    });
  }
});

test('of a storage error with nested XML only the code is read', async () => {
  await using stub = await startBlobStub((__, req, res) => {
    const body = nest('<a>', '<Code>Deep</Code>', '</a>', 1_000_000);
    req.resume().on('end', () => res.writeHead(403).end(body));
    return true;
  });
  const { shared: storage } = createStorage({
    allowedHosts: [stub.origin],
    proxyFor: NO_PROXY,
    retries: { attempts: 1 },
  });
  onTestFinished(() => storage.close());
  await expect(putBlob(storage, stub.address(), Buffer.from('%PDF-'))).rejects.toMatchObject({
    name: 'UpstreamError',
    kind: 'forbidden',
  });
});
