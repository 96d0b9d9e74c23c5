import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSchema, createYoga } from 'graphql-yoga';
import { Agent } from 'undici';
import { z } from 'zod';

/*
 * A server to compare the gateway with, one of:
 *
 *   bare   a node:http server that reads the request and sends fixed bytes
 *   yoga   plain graphql-yoga with the schema of the gateway, and resolvers with the result in memory
 *   calls  the same, with resolvers that call the service with undici
 *
 * Sends its port to the parent process.
 */
const at = '2026-03-05T09:14:07.412Z';
const id = '01KJYMD75M8Q4V6W9X0Y2Z7A1C';
const signatureRequest = {
  __typename: 'SignatureRequest',
  id,
  status: 'DRAFT',
  signerId: '7c0d2f6e-5b1a-4e0c-9a35-1f2f6c1b7d90',
  createdAt: at,
  expiresAt: at,
  documents: ['Contratto', 'Informativa'].map((title) => ({ id, title, status: 'READY' })),
};
const payload = {
  __typename: 'CreateDossierPayload',
  dossier: { id, title: 'Contratti', documents: [{ title: 'Contratto' }] },
};

const agent = new Agent({ connections: 50 });
const answerRules = z.looseObject({ id: z.string() });

async function call(path: string, method: 'GET' | 'POST', json?: unknown): Promise<{ readonly id: string }> {
  const { body } = await agent.request({
    origin: process.env['FIRMA_API_URL'] ?? '',
    path: `/api/v1/sign${path}`,
    method,
    headers: { 'ocp-apim-subscription-key': 'bench', 'content-type': 'application/json' },
    body: json === undefined ? null : JSON.stringify(json),
  });
  return answerRules.parse(await body.json());
}

interface CreateDossier {
  readonly input: { readonly title: string; readonly documents: readonly { readonly title: string }[] };
}

const AT_HAND = {
  Query: { signatureRequest: () => signatureRequest },
  Mutation: { createDossier: () => payload },
};
const CALLS = {
  Query: {
    signatureRequest: async (_: unknown, args: { readonly id: string }) => ({
      ...signatureRequest,
      ...(await call(`/signature-requests/${encodeURIComponent(args.id)}`, 'GET')),
      documents: signatureRequest.documents,
    }),
  },
  Mutation: {
    createDossier: async (_: unknown, { input: { title, documents } }: CreateDossier) => ({
      ...payload,
      dossier: {
        ...payload.dossier,
        ...(await call('/dossiers', 'POST', { title, documents_metadata: documents })),
      },
    }),
  },
};

function yoga(resolvers: typeof AT_HAND | typeof CALLS): RequestListener {
  const typeDefs = readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8');
  return createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false });
}

const QUERIED = JSON.stringify({
  data: { signatureRequest: { ...signatureRequest, __typename: undefined } },
});
const CREATED = JSON.stringify({ data: { createDossier: payload } });

const bare: RequestListener = async (req, res) => {
  let body = '';
  for await (const chunk of req) body += String(chunk);
  const text = body.includes('mutation') ? CREATED : QUERIED;
  res
    .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
};

const LISTENERS = { bare: () => bare, yoga: () => yoga(AT_HAND), calls: () => yoga(CALLS) };
const kind = z.enum(['bare', 'yoga', 'calls']).parse(process.argv[2]);
const server = createServer(LISTENERS[kind]());
server.listen(0, '127.0.0.1');
await once(server, 'listening');
// The address of a TCP server has this form.
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
