import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ApolloClient, TypedDocumentNode } from '@apollo/client';
import type { Client } from '@urql/core';
import { afterAll, expect, test } from 'vitest';
import { readTrustedDocuments } from '../../src/graphql/trusted-documents.ts';
import { startGateway } from '../support/start-gateway.ts';
import { BLOCKS, blocksOf, makeApp } from './guide-app.ts';

type Values = Readonly<Record<string, unknown>>;
type Operation = TypedDocumentNode<Values, Values>;
type Operations = Readonly<Record<'UploadDocument' | 'SignatureRequest' | 'Changed', Operation>>;

const DOCUMENT_ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

/** A client of the page, in one shape. */
interface Runner {
  query(document: Operation, variables: Values): Promise<unknown>;
  mutate(document: Operation, variables: Values): Promise<unknown>;
  /** @returns the events, when the subscription has completed */
  subscribe(document: Operation, variables: Values, onFirst: () => void): Promise<unknown[]>;
}

function urqlRunner(client: Client): Runner {
  const dataOf = ({ data, error }: { data?: unknown; error?: Error | undefined }): unknown => {
    if (error !== undefined) throw error;
    return data;
  };
  return {
    query: async (document, variables) => dataOf(await client.query(document, variables).toPromise()),
    mutate: async (document, variables) => dataOf(await client.mutation(document, variables).toPromise()),
    subscribe: (document, variables, onFirst) =>
      new Promise((resolve, reject) => {
        const events: unknown[] = [];
        client.subscription(document, variables).subscribe(({ data, error, hasNext }) => {
          if (error !== undefined) return reject(error);
          // At the end urql repeats the last result.
          if (!hasNext) return resolve(events);
          events.push(data);
          if (events.length === 1) onFirst();
        });
      }),
  };
}

function apolloRunner(client: ApolloClient): Runner {
  return {
    query: async (query, variables) => (await client.query({ query, variables })).data,
    mutate: async (mutation, variables) => (await client.mutate({ mutation, variables })).data,
    subscribe: (query, variables, onFirst) =>
      new Promise((resolve, reject) => {
        const events: unknown[] = [];
        client.subscribe({ query, variables }).subscribe({
          next: ({ data }) => {
            events.push(data);
            if (events.length === 1) onFirst();
          },
          error: reject,
          complete: () => resolve(events),
        });
      }),
  };
}

const runnerOf = (client: unknown): Runner =>
  'mutation' in (client as Client) ? urqlRunner(client as Client) : apolloRunner(client as ApolloClient);

/** The app, with the files that GraphQL Code Generator writes. */
const app = generatedApp();
afterAll(() => app.remove());

function generatedApp() {
  const made = makeApp();
  const commands = BLOCKS.filter(({ language }) => language === 'sh').map(({ code }) => code.trim());
  const [install = '', generate] = commands;
  const { dependencies } = JSON.parse(readFileSync('test/clients/package.json', 'utf8'));
  for (const name of install.split(' ').slice(3)) expect(dependencies).toHaveProperty([name]);
  expect(generate).toBe('npx graphql-codegen');
  made.run(join(import.meta.dirname, 'node_modules/.bin/graphql-codegen'));
  return made;
}

test('each code block of the guide is a file, a command or a setting that a test uses', () => {
  const others = BLOCKS.filter(({ file }) => file === undefined).map(({ language }) => language);
  expect(others).toEqual(['sh', 'sh', 'json', 'json']);
});

/** What the code of docs/guide/client.md has of its reader. */
const READER = `
declare const fiscalCode: string, id: string, file: File, signal: AbortSignal, form: HTMLFormElement;
declare function token(): string;
declare function show(value: string | number): void;
declare function inputOf(form: HTMLFormElement): import('sigillo/client').RequestSignatureInput;
`;

test('the settings of the guide, and the code of docs/guide/client.md, compile in strict mode', () => {
  for (const [index, { code }] of blocksOf('docs/guide/client.md').entries())
    app.write(`src/typescript-client-${index}.tsx`, code + READER);
  const compilerOptions = {
    target: 'es2024',
    lib: ['es2024', 'dom', 'dom.iterable'],
    module: 'esnext',
    moduleResolution: 'bundler',
    strict: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
    jsx: 'react-jsx',
    allowImportingTsExtensions: true,
    paths: {
      'sigillo/client': [resolve('client/index.ts')],
      'sigillo/client/react': [resolve('client/react.ts')],
      react: [resolve('node_modules/@types/react')],
      'react/jsx-runtime': [resolve('node_modules/@types/react/jsx-runtime')],
    },
  };
  app.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['codegen.ts', 'src'] }));
  app.run(resolve('node_modules/.bin/tsc'), '-p', '.');
});

test.each(['urql', 'urql-trusted', 'apollo', 'apollo-trusted'])(
  '%s of the guide reads, uploads, receives typed errors and subscribes',
  async (name) => {
    const trustedDocuments = readTrustedDocuments(join(app.folder, 'src/gql/persisted-documents.json'));
    const protections = name.endsWith('trusted') ? { trustedDocuments } : {};
    const { url, sandbox } = await startGateway({ protections });
    const { UploadDocument, SignatureRequest, Changed } = (await app.load(
      'src/operations.ts',
      url,
    )) as Operations;
    const { client } = (await app.load(`src/${name}.ts`, url)) as { client: unknown };
    const { query, mutate, subscribe } = runnerOf(client);

    const { requests } = await sandbox.seed({
      requests: [{ status: 'DRAFT', documents: [{ id: DOCUMENT_ID }] }, { status: 'WAIT_FOR_SIGNATURE' }],
    });
    const [draft, waiting] = requests;
    const upload = (content: Uint8Array<ArrayBuffer>): Promise<unknown> =>
      mutate(UploadDocument, {
        input: {
          signatureRequestId: draft?.id,
          documentId: DOCUMENT_ID,
          file: new File([content], 'contratto.pdf', { type: 'application/pdf' }),
        },
      });
    expect(await upload(new Uint8Array(100))).toMatchObject({
      uploadDocument: { __typename: 'NotAPdfError', code: 'NOT_A_PDF', message: expect.any(String) },
    });
    expect(await upload(readFileSync('examples/contratto.pdf'))).toMatchObject({
      uploadDocument: { __typename: 'UploadDocumentPayload', document: { status: 'READY' } },
    });

    const id = waiting?.id ?? '';
    expect(await query(SignatureRequest, { id })).toMatchObject({
      signatureRequest: { id, status: 'WAIT_FOR_SIGNATURE', expiresAt: expect.any(String) },
    });
    const events = await subscribe(Changed, { id }, () => sandbox.citizen.sign(id));
    expect(events).toMatchObject([
      { signatureRequestChanged: { status: 'WAIT_FOR_SIGNATURE' } },
      { signatureRequestChanged: { status: 'SIGNED' } },
    ]);
  },
);
