/*
 * What the load asks, in the names of the gateway's schema and in those of the schema of the other servers. `@ID@` is a new
 * id each time, because concurrent identical reads share one upstream call.
 */
export interface Operation {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

export interface Benchmark {
  readonly title: string;
  /** For the gateway, and for the other servers. */
  readonly ours: Operation;
  readonly theirs: Operation;
  /** What an answer must contain, and how often. */
  readonly contains: readonly [text: string, times: number];
  /** The upstream call that a client would make without a server in between. */
  readonly direct?: { readonly method: string; readonly path: string; readonly body: string };
}

const SIGNER = '6f9619ff-8b86-d011-b42d-00cf4fc964ff';
const OURS = `id status signerId expiresAt createdAt updatedAt signedAt rejectedAt rejectReason qrCode { url } cancelledAt
  documents { id status title }`;
const THEIRS = `id status dossier_id signer_id expires_at created_at updated_at signed_at rejected_at reject_reason qr_code_url
  cancelled_at documents { id status metadata { title } }`;

export const BENCHMARKS: Record<string, Benchmark> = {
  Q1: {
    title: 'a signature request with its documents: one upstream call',
    ours: {
      query: `query Q1($id: ID!) { signatureRequest(id: $id) { ${OURS} } }`,
      variables: { id: '@ID@' },
    },
    theirs: {
      query: `query Q1($id: ID!) { signatureRequest(id: $id) { ${THEIRS} } }`,
      variables: { id: '@ID@' },
    },
    contains: ['WAIT_FOR_UPLOAD', 1],
    direct: { method: 'GET', path: '/signature-requests/@ID@', body: '' },
  },
  Q2: {
    title: 'a dossier with 25 signature requests in full: 27 upstream calls',
    ours: {
      query: `query Q2($id: ID!) { dossier(id: $id) { id title supportEmail createdAt updatedAt
        signatureRequests(first: 25) { nodes { ${OURS} } } } }`,
      variables: { id: '@ID@' },
    },
    theirs: {
      query: `query Q2($id: ID!) { dossier(id: $id) { id title support_email created_at updated_at
        requests(limit: 25) { items { detail { ${THEIRS} } } } } }`,
      variables: { id: '@ID@' },
    },
    contains: ['WAIT_FOR_UPLOAD', 25],
  },
  L1: {
    title: 'a dossier with a page of 100 signature requests as listed: two upstream calls',
    ours: {
      query: `query L1($id: ID!) { dossier(id: $id) { id signatureRequests(first: 100) {
        nodes { id status signerId createdAt updatedAt expiresAt } pageInfo { hasNextPage endCursor } } } }`,
      variables: { id: '@ID@' },
    },
    theirs: {
      query: `query L1($id: ID!) { dossier(id: $id) { id requests(limit: 100) {
        items { id status signer_id created_at updated_at expires_at } continuation_token } } }`,
      variables: { id: '@ID@' },
    },
    contains: ['"DRAFT"', 100],
  },
  M1: {
    title: 'a mutation with one upstream call',
    ours: {
      query: `mutation M1($dossier: ID!, $signer: ID!) { createSignatureRequest(
        input: { dossierId: $dossier, signerId: $signer, documents: [{ title: "Contratto di servizio" }] }) {
        __typename
        ... on CreateSignatureRequestPayload { signatureRequest {
          id status signerId expiresAt createdAt documents { id status title } } }
        ... on Error { code message } } }`,
      variables: { dossier: '@ID@', signer: SIGNER },
    },
    theirs: {
      query: `mutation M1($dossier: ID!, $signer: ID!) { createSignatureRequest(
        input: { dossier_id: $dossier, signer_id: $signer, documents_metadata: [{ title: "Contratto di servizio" }] }) {
        id status dossier_id signer_id expires_at created_at documents { id status metadata { title } } } }`,
      variables: { dossier: '@ID@', signer: SIGNER },
    },
    contains: ['WAIT_FOR_UPLOAD', 1],
    direct: {
      method: 'POST',
      path: '/signature-requests',
      body: JSON.stringify({
        dossier_id: '@ID@',
        signer_id: SIGNER,
        documents_metadata: [{ title: 'Contratto di servizio' }],
      }),
    },
  },
};

/** Ids that the stub accepts, each one once in 900,000. */
let next = 0;
export const newId = (): string => `01J9ZQ4S${String((next += 1) % 900_000).padStart(18, '0')}`;
