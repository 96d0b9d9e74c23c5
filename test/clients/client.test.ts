import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import {
  assertNever,
  CreateDossier,
  FindSigner,
  GatewayUnreachableError,
  GraphqlRequestError,
  RequestSignature,
  SigilloClient,
} from '../../client/index.ts';
import type { DataOf, RequestSignatureMutation } from '../../client/index.ts';
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

test('typed errors of a mutation are results', async () => {
  const { url } = await startGateway();
  const { findSigner } = await new SigilloClient({ url }).run(FindSigner, { input: { fiscalCode: 'XXX' } });
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
  const gone = new SigilloClient({ url: 'http://127.0.0.1:1/graphql' });
  await expect(gone.run(FindSigner, { input: { fiscalCode: 'X' } })).rejects.toBeInstanceOf(
    GatewayUnreachableError,
  );
});

test('watching a request that does not exist ends with its error', async () => {
  const { url } = await startGateway();
  const watched = new SigilloClient({ url }).watch('01JMD4XYEJ4TCMM7YJ5F0JB0XX');
  await expect(watched.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('an aborted watch throws the reason, and closes its connection', async () => {
  const { url } = await startGateway();
  const client = new SigilloClient({ url });
  const id = requestOf(await client.run(RequestSignature, variables));
  const abort = new AbortController();
  const watched = client.watch(id, { signal: abort.signal });
  await watched.next();
  abort.abort(new Error('enough'));
  await expect(watched.next()).rejects.toThrow('enough');
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
