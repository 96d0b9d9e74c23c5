import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { parse, print } from 'graphql';
import { rolldown } from 'rolldown';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  assertNever,
  CreateDossier,
  documentIdOf,
  FindSigner,
  GatewayUnreachableError,
  GraphqlRequestError,
  isClientError,
  RequestSignature,
  SigilloClient,
  TypedDocumentString,
} from '../../client/index.ts';
import type {
  ClientError,
  DataOf,
  FindSignerMutation,
  Progress,
  RequestSignatureMutation,
} from '../../client/index.ts';
import { bodyOf } from '../../client/multipart.ts';
import * as operations from '../../client/operations.ts';
import { documentsManifest } from '../../scripts/documents-manifest.ts';
import { readTrustedDocuments } from '../../src/graphql/trusted-documents.ts';
import { ERROR_CODES } from '../../src/resolvers/errors/codes.ts';
import { temporaryFile } from '../support/api-keys.ts';
import { startHttpStub } from '../support/http-stub.ts';
import { makePdf } from '../support/pdf.ts';
import { startGateway } from '../support/start-gateway.ts';

const FIELD = {
  clause: { title: 'Firma del contratto', type: 'REQUIRED' },
  position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
} as const;
const pdf = (name: string): File =>
  new File([readFileSync(`examples/${name}`)], name, { type: 'application/pdf' });

const variables = {
  input: {
    dossier: { create: { title: 'Contratti' } },
    signer: { fiscalCode: 'SPNDNL80R13C555X' },
    documents: [
      { title: 'Contratto', file: pdf('contratto.pdf'), fields: [FIELD] },
      { title: 'Informativa', file: pdf('informativa.pdf') },
    ],
  },
};

/** A switch that the compiler checks. */
function requestOf({ requestSignature }: DataOf<RequestSignatureMutation>): string {
  switch (requestSignature.__typename) {
    case 'RequestSignaturePayload':
      return requestSignature.signatureRequest.id;
    case 'RequestSignatureIncompleteError':
      throw new Error(`${requestSignature.step}: ${requestSignature.cause.message}`);
    case 'AnchorNotFoundError':
    case 'IdempotencyConflictError':
    case 'InvalidInputError':
    case 'OutcomeUnknownError':
      throw new Error(requestSignature.message);
    default:
      return assertNever(requestSignature);
  }
}

test('files are sent in a multipart request, and a request is watched until it is signed', async () => {
  const { url, sandbox } = await startGateway();
  const client = new SigilloClient({ url });
  const id = requestOf(await client.run(RequestSignature, variables));
  const statuses: string[] = [];
  for await (const { status } of client.watch(id)) {
    statuses.push(status);
    if (status === 'WAIT_FOR_SIGNATURE') sandbox.citizen.sign(id);
  }
  expect(statuses.at(0)).toBe('WAIT_FOR_SIGNATURE');
  expect(statuses.at(-1)).toBe('SIGNED');
});

test('ids are sent in place of documents, which a gateway with the manifest of the package executes', async () => {
  const manifest = temporaryFile('documents.json', documentsManifest(operations));
  const { url, sandbox } = await startGateway({
    protections: { trustedDocuments: readTrustedDocuments(manifest) },
  });
  await expect(new SigilloClient({ url }).run(RequestSignature, variables)).rejects.toMatchObject({
    code: 'DOCUMENT_NOT_ALLOWED',
  });
  const client = new SigilloClient({ url, documentId: documentIdOf });
  const id = requestOf(await client.run(RequestSignature, variables));
  sandbox.citizen.sign(id);
  const statuses = await Array.fromAsync(client.watch(id), ({ status }) => status);
  expect(statuses.at(-1)).toBe('SIGNED');
  const other = new TypedDocumentString<object, object>('{ __typename }');
  await expect(client.run(other, {})).rejects.toMatchObject({ code: 'DOCUMENT_NOT_TRUSTED' });
});

test('without crypto.subtle, as on pages without HTTPS, there is no id, and an error that says why', async () => {
  const { getRandomValues } = crypto;
  vi.stubGlobal('crypto', { getRandomValues });
  onTestFinished(() => void vi.unstubAllGlobals());
  await expect(documentIdOf('{ a }')).rejects.toThrow('only with HTTPS and on localhost');
});

test('an error has the whole answer', async () => {
  const answer = {
    data: { createDossier: null },
    errors: [
      { message: 'first', path: ['createDossier'], extensions: { code: 'UPSTREAM_TIMEOUT' } },
      { message: 'second' },
    ],
  };
  const { origin } = await startHttpStub((_, res) => void res.end(JSON.stringify(answer)));
  const run = new SigilloClient({ url: origin }).run(FindSigner, { input: { fiscalCode: 'X' } });
  await expect(run).rejects.toMatchObject({ message: 'first', code: 'UPSTREAM_TIMEOUT', answer });
});

test('typed errors of a mutation are results', async () => {
  const { url } = await startGateway();
  const { findSigner } = await new SigilloClient({ url }).run(FindSigner, { input: { fiscalCode: 'WRONG' } });
  expect(findSigner).toMatchObject({
    __typename: 'InvalidInputError',
    fieldErrors: [{ path: ['fiscalCode'] }],
  });
});

test('an operation that the gateway refuses is an error with its code and the id of the request', async () => {
  const { url } = await startGateway();
  const client = new SigilloClient({ url, headers: () => ({ authorization: 'Bearer invalid' }) });
  const input = { input: { title: 'Contratti', documents: [] } };
  const broken = { ...CreateDossier, toString: () => 'mutation {' };
  const error = await client.run(broken as typeof CreateDossier, input).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(GraphqlRequestError);
  expect(error).toMatchObject({ status: 400, requestId: expect.any(String), code: expect.any(String) });
});

test('a gateway that does not answer, and a proxy that answers in its place, are told apart from refusals', async () => {
  const proxy = await startHttpStub((_, res) => void res.writeHead(502).end('<h1>Bad Gateway</h1>'));
  for (const url of ['http://127.0.0.1:1/graphql', proxy.origin])
    await expect(new SigilloClient({ url }).run(FindSigner, { input: { fiscalCode: 'X' } })).rejects.toThrow(
      GatewayUnreachableError,
    );
});

test('the compiler refuses a switch without one of the errors, in results and in what is thrown', () => {
  const unhandled = (result: DataOf<FindSignerMutation>['findSigner']): string => {
    switch (result.__typename) {
      case 'FindSignerPayload':
        return result.signer.id;
      case 'InvalidInputError':
        return result.message;
      default:
        // @ts-expect-error SignerUnavailableError is missing
        return assertNever(result);
    }
  };
  const thrown = (error: ClientError): string => {
    switch (error.name) {
      case 'GraphqlRequestError':
        return error.code;
      default:
        // @ts-expect-error GatewayUnreachableError is missing
        return assertNever(error);
    }
  };
  const result = { __typename: 'SignerUnavailableError' } as Parameters<typeof unhandled>[0];
  expect(() => unhandled(result)).toThrow('SignerUnavailableError');
  expect(() => thrown(new GatewayUnreachableError())).toThrow('GatewayUnreachableError');
  expect([isClientError(new GatewayUnreachableError()), isClientError(new Error())]).toEqual([true, false]);
});

test('the codes of thrown errors are those of the gateway', () => {
  const [, list = ''] = /type RequestErrorCode =(.*?);/s.exec(readFileSync('client/errors.ts', 'utf8')) ?? [];
  const [, results = ''] = /^enum ErrorCode \{(.*?)^\}/ms.exec(readFileSync('schema.graphql', 'utf8')) ?? [];
  const ofResults = new Set(results.match(/^ {2}[A-Z_]+$/gm)?.map((code) => code.trim()));
  const atTopLevel = ERROR_CODES.filter((code) => !ofResults.has(code) || code === 'NOT_FOUND');
  expect(list.match(/[A-Z_]+/g)).toEqual(atTopLevel.toSorted());
});

test('each operation of the examples is a typed document', () => {
  const documents: Readonly<Record<string, unknown>> = operations;
  for (const file of globSync('examples/*.graphql')) {
    const [definition] = parse(readFileSync(file, 'utf8')).definitions;
    const name = definition?.kind === 'OperationDefinition' ? (definition.name?.value ?? '') : '';
    const document = documents[name];
    expect(document, name).toBeInstanceOf(TypedDocumentString);
    expect(print(parse(String(document)))).toBe(print(parse(readFileSync(file, 'utf8'))));
  }
});

describe('an upload in Node', () => {
  const big = async (): Promise<File> =>
    new File([await makePdf({ padToBytes: 5 * 1024 * 1024 })], 'grande.pdf', { type: 'application/pdf' });
  const withFile = (file: File) => ({
    input: { ...variables.input, documents: [{ title: 'Contratto', file, fields: [FIELD] }] },
  });

  test('reports its progress up to the last byte', async () => {
    const { url } = await startGateway();
    const file = await big();
    const seen: Progress[] = [];
    const onProgress = (progress: Progress): void => void seen.push(progress);
    requestOf(await new SigilloClient({ url }).run(RequestSignature, withFile(file), { onProgress }));
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.map(({ sentBytes }) => sentBytes)).toEqual(
      seen.map(({ sentBytes }) => sentBytes).toSorted((a, b) => a - b),
    );
    expect(seen.at(-1)?.sentBytes).toBe(seen.at(-1)?.totalBytes);
    expect(seen.at(-1)?.totalBytes).toBeGreaterThan(file.size);
  });

  test('is aborted while it is sent, with the reason of the signal', async () => {
    const closed = Promise.withResolvers<number>();
    const slow = createServer((req) => {
      let received = 0;
      req.on('data', (chunk: Buffer) => {
        received += chunk.length;
        req.pause();
        abort.abort(new Error('enough'));
      });
      req.on('close', () => closed.resolve(received));
    });
    onTestFinished(() => void slow.close());
    await once(slow.listen(0, '127.0.0.1'), 'listening');
    const { port } = slow.address() as AddressInfo;
    const client = new SigilloClient({ url: `http://127.0.0.1:${port}/graphql` });
    const abort = new AbortController();
    const file = await big();
    let sent: Progress | undefined;
    const upload = client.run(RequestSignature, withFile(file), {
      signal: abort.signal,
      onProgress: (progress) => void (sent = progress),
    });
    await expect(upload).rejects.toThrow('enough');
    expect(await closed.promise).toBeLessThan(file.size);
    // Node reads the file only as fast as it sends it.
    expect(sent?.sentBytes).toBeLessThan(file.size);
  });
});

test('a file is sent once with its name and its type, however often and wherever it is used', async () => {
  const file = new File(['%PDF-'], 'contratto "bozza".pdf', { type: 'application/pdf' });
  const body = bodyOf({
    query: '{ a }',
    variables: { one: file, more: [{ file }, { file: new Blob(['b']) }] },
  });
  const form = await new Response(body).formData();
  expect(JSON.parse(String(form.get('map')))).toEqual({
    0: ['variables.one', 'variables.more.0.file'],
    1: ['variables.more.1.file'],
  });
  expect(JSON.parse(String(form.get('operations')))).toEqual({
    query: '{ a }',
    variables: { one: null, more: [{ file: null }, { file: null }] },
  });
  const sent = form.get('0') as File;
  expect([sent.name, sent.type, await sent.text()]).toEqual([file.name, 'application/pdf', '%PDF-']);
  expect(await (form.get('1') as File).text()).toBe('b');
});

test('the client with one operation takes less than 10 kB, compressed', async () => {
  const code = `export { SigilloClient, RequestSignature } from '${process.cwd()}/client/index.ts';`;
  const entry = {
    name: 'entry',
    resolveId: (id: string) => (id === 'entry' ? id : null),
    load: (id: string) => (id === 'entry' ? code : null),
  };
  const bundle = await rolldown({ input: 'entry', plugins: [entry], platform: 'browser' });
  const { output } = await bundle.generate({ minify: true });
  expect(gzipSync(output[0].code).length).toBeLessThan(10_000);
  expect(output[0].code).not.toContain('mutation CreateDossier');
});

test('the operations of the client are those of the examples and the schema', () => {
  const before = readFileSync('client/operations.ts', 'utf8');
  execFileSync('npm', ['run', 'generate', '--silent'], { cwd: 'test/clients', stdio: 'pipe' });
  execFileSync('node_modules/.bin/prettier', ['--write', '--log-level', 'silent', 'client/operations.ts']);
  expect(readFileSync('client/operations.ts', 'utf8')).toBe(before);
});
