import type { Dispatcher } from 'undici';

/*
 * The schema and the resolvers of the servers that the gateway is compared with: what a client needs, with the names of the
 * service, and nothing else.
 */
export const typeDefs = /* GraphQL */ `
  type Query {
    signatureRequest(id: ID!): SignatureRequest
    dossier(id: ID!): Dossier
  }
  type Mutation {
    createSignatureRequest(input: CreateSignatureRequestInput!): SignatureRequest
  }
  enum DocumentStatus {
    WAIT_FOR_UPLOAD
    WAIT_FOR_VALIDATION
    READY
    REJECTED
  }
  type Dossier {
    id: ID!
    title: String!
    support_email: String
    documents_metadata: [DocumentMetadata!]!
    created_at: String!
    updated_at: String!
    requests(limit: Int): SignatureRequestList
  }
  type SignatureRequestList {
    items: [SignatureRequestListItem!]!
    continuation_token: String
  }
  type SignatureRequestListItem {
    id: ID!
    signer_id: ID!
    dossier_id: ID!
    status: String!
    created_at: String!
    updated_at: String!
    expires_at: String!
    detail: SignatureRequest
  }
  type SignatureRequest {
    id: ID!
    status: String!
    dossier_id: ID!
    signer_id: ID!
    expires_at: String!
    created_at: String!
    updated_at: String!
    signed_at: String
    rejected_at: String
    cancelled_at: String
    reject_reason: String
    qr_code_url: String
    documents: [Document!]!
  }
  type Document {
    id: ID!
    status: DocumentStatus!
    metadata: DocumentMetadata!
    created_at: String!
    updated_at: String!
    uploaded_at: String
    url: String
  }
  type DocumentMetadata {
    title: String!
  }
  input CreateSignatureRequestInput {
    dossier_id: ID!
    signer_id: ID!
    documents_metadata: [DocumentMetadataInput!]
  }
  input DocumentMetadataInput {
    title: String!
  }
`;

interface Identified {
  readonly id: string;
}

/** Resolvers that call the service with undici. */
export function resolversOf(pool: Dispatcher) {
  async function call(method: 'GET' | 'POST', path: string, json?: unknown): Promise<unknown> {
    const { statusCode, body } = await pool.request({
      method,
      path,
      headers: {
        accept: 'application/json',
        'ocp-apim-subscription-key': 'bench',
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      body: json === undefined ? null : JSON.stringify(json),
    });
    if (statusCode >= 400) throw new Error(`The service answered ${statusCode}.`);
    return await body.json();
  }
  const detail = (_: unknown, { id }: Identified) =>
    call('GET', `/signature-requests/${encodeURIComponent(id)}`);
  return {
    Query: {
      signatureRequest: detail,
      dossier: (_: unknown, { id }: Identified) => call('GET', `/dossiers/${encodeURIComponent(id)}`),
    },
    Mutation: {
      createSignatureRequest: (_: unknown, { input }: { readonly input: unknown }) =>
        call('POST', '/signature-requests', input),
    },
    Dossier: {
      requests: ({ id }: Identified, { limit }: { readonly limit?: number }) =>
        call('GET', `/dossiers/${encodeURIComponent(id)}/signature-requests?limit=${limit ?? 25}`),
    },
    SignatureRequestListItem: {
      detail: (item: Identified) => detail(undefined, item),
    },
  };
}
