import { createHash } from 'node:crypto';
import { ApolloClient, gql, InMemoryCache } from '@apollo/client';
import { Client, fetchExchange } from '@urql/core';
import UploadHttpLink from 'apollo-upload-client/UploadHttpLink.mjs';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { makePdf } from '../support/pdf.ts';
import { startGateway } from '../support/start-gateway.ts';
import type { Json } from '../support/start-gateway.ts';

const MIB = 1024 * 1024;

const STEPS = {
  createDossier: `mutation ($input: CreateDossierInput!) { createDossier(input: $input) {
    ... on CreateDossierPayload { dossier { id } } ... on Error { code message } } }`,
  findSigner: `mutation ($input: FindSignerInput!) { findSigner(input: $input) {
    ... on FindSignerPayload { signer { id } } ... on Error { code message } } }`,
  createSignatureRequest: `mutation ($input: CreateSignatureRequestInput!) { createSignatureRequest(input: $input) {
    ... on CreateSignatureRequestPayload { signatureRequest { id documents { id } } } ... on Error { code message } } }`,
  uploadDocument: `mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) {
    ... on UploadDocumentPayload { sizeBytes sha256 document { status } } ... on Error { code message } } }`,
  markReady: `mutation ($input: MarkReadyInput!) { markReady(input: $input) {
    ... on MarkReadyPayload { signatureRequest { status qrCode { image(format: PNG) } } } ... on Error { code message } } }`,
  notifySigner: `mutation ($input: NotifySignerInput!) { notifySigner(input: $input) {
    ... on NotifySignerPayload { signatureRequest { notification { ioMessageId } } } ... on Error { code message } } }`,
} as const;

/** Runs one mutation with a client. @throws the error of the client */
type Mutate = (query: string, input: Record<string, unknown>) => Promise<unknown>;

const CLIENTS: Readonly<Record<string, (url: string) => Promise<Mutate>>> = {
  'apollo-upload-client': async (uri) => {
    const link = new UploadHttpLink({ uri });
    // The cache reads `... on Error` only if it knows the types that implement it.
    const response = await fetch(uri, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __type(name: \\"Error\\") { possibleTypes { name } } }"}',
    });
    const { data }: { data: { __type: { possibleTypes: { name: string }[] } } } = JSON.parse(
      await response.text(),
    );
    const possibleTypes = { Error: data.__type.possibleTypes.map(({ name }) => name) };
    const client = new ApolloClient({ cache: new InMemoryCache({ possibleTypes }), link });
    return async (query, input) => (await client.mutate({ mutation: gql(query), variables: { input } })).data;
  },

  urql: async (url) => {
    const client = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false });
    return async (query, input) => {
      const { data, error } = await client.mutation(query, { input }).toPromise();
      if (error) throw error;
      return data;
    };
  },

  'fetch with FormData':
    async (url) =>
    async (query, { file, ...input }) => {
      const operations = JSON.stringify({ query, variables: { input } });
      const form = new FormData();
      form.set('operations', operations);
      form.set('map', '{"0":["variables.input.file"]}');
      if (file instanceof File) form.set('0', file);
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url, {
        method: 'POST',
        ...(file === undefined ? { headers, body: operations } : { body: form }),
      });
      const { data }: { data?: unknown } = JSON.parse(await response.text());
      return data;
    },
};

test.each(Object.keys(CLIENTS))('%s runs the five steps from a PDF to a QR code', async (name) => {
  const { url } = await startGateway();
  const mutate = await CLIENTS[name]?.(url);
  const step = async (field: keyof typeof STEPS, input: Record<string, unknown>): Promise<Json> => {
    // JSON objects, or null after an error, which the expectations below report.
    const data = (await mutate?.(STEPS[field], input)) as Json | null | undefined;
    return data?.[field] ?? {};
  };

  const fields = [
    {
      clause: { title: 'Firma del contratto', type: 'REQUIRED' },
      position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
    },
  ];
  const made = await step('createDossier', {
    title: 'Contratti',
    documents: [{ title: 'Contratto', fields }],
  });
  const found = await step('findSigner', { fiscalCode: 'SPNDNL80R13C555X' });
  const created = await step('createSignatureRequest', {
    dossierId: made['dossier']?.['id'],
    signerId: found['signer']?.['id'],
  });
  const signatureRequestId = created['signatureRequest']?.['id'];
  const documentId = created['signatureRequest']?.['documents']?.[0]?.['id'];

  const pdf = await makePdf({ padToBytes: 9 * MIB });
  const file = new File([pdf], 'contratto – “bozza” 100%.pdf', { type: 'application/pdf' });
  expect(await step('uploadDocument', { signatureRequestId, documentId, file })).toMatchObject({
    sizeBytes: pdf.length,
    sha256: createHash('sha256').update(pdf).digest('hex'),
    document: { status: 'READY' },
  });

  const ready = await step('markReady', { signatureRequestId });
  expect(ready).toMatchObject({ signatureRequest: { status: 'WAIT_FOR_SIGNATURE' } });
  const image = String(ready['signatureRequest']?.['qrCode']?.['image']);
  const png = PNG.sync.read(Buffer.from(image.split(',')[1] ?? '', 'base64'));
  expect(jsQR.default(new Uint8ClampedArray(png.data), png.width, png.height)?.data).toBe(
    `https://continua.io.pagopa.it/open?feat=firma&srid=${String(signatureRequestId)}`,
  );
  expect(await step('notifySigner', { signatureRequestId })).toMatchObject({
    signatureRequest: { notification: { ioMessageId: expect.stringMatching(/^\w{26}$/) } },
  });
});
