/** One tab of GraphiQL for each step, in order. Ids are pasted from the step before. */
export const explorerTabs = [
  tab(
    `# Step 1. What is to be signed. Copy the dossier's id for step 3.
mutation CreateDossier($input: CreateDossierInput!) {
  createDossier(input: $input) {
    __typename
    ... on CreateDossierPayload { dossier { id title documents { title } } }
    ... on Error { code message }
  }
}`,
    {
      input: {
        title: 'Contratto di collaborazione',
        supportEmail: 'urp@example.it',
        documents: [
          {
            title: 'Contratto',
            fields: [
              {
                clause: { title: 'Firma del contratto', type: 'REQUIRED' },
                position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
              },
            ],
          },
        ],
      },
    },
  ),
  tab(
    `# Step 2. Who signs. Copy the signer's id for step 3.
mutation FindSigner($input: FindSignerInput!) {
  findSigner(input: $input) {
    __typename
    ... on FindSignerPayload { signer { id } }
    ... on Error { code message }
  }
}`,
    { input: { fiscalCode: 'SPNDNL80R13C555X' } },
  ),
  tab(
    `# Step 3. The request, in status DRAFT. Copy its id and the id of its document for step 4.
mutation CreateSignatureRequest($input: CreateSignatureRequestInput!) {
  createSignatureRequest(input: $input) {
    __typename
    ... on CreateSignatureRequestPayload { signatureRequest { id status expiresAt documents { id title status } } }
    ... on Error { code message }
  }
}`,
    { input: { dossierId: 'PASTE-DOSSIER-ID', signerId: 'PASTE-SIGNER-ID' } },
  ),
  tab(
    `# Step 4. The PDF. GraphiQL cannot send files: paste the ids into this line and run it in a terminal.
#
# curl http://localhost:4000/graphql \\
#   -F 'operations={"query":"mutation($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename ... on UploadDocumentPayload { document { status } sizeBytes sha256 } ... on Error { code message } } }","variables":{"input":{"signatureRequestId":"PASTE-REQUEST-ID","documentId":"PASTE-DOCUMENT-ID","file":null}}}' \\
#   -F 'map={"0":["variables.input.file"]}' -F '0=@examples/contratto.pdf;type=application/pdf'
#
# Then look at the document here.
query Documents($id: ID!) {
  signatureRequest(id: $id) { status documents { id title status rejectReasons } }
}`,
    { id: 'PASTE-REQUEST-ID' },
  ),
  tab(
    `# Step 5. Hand the request over, and tell the citizen. Open the image in a browser: it is the QR code.
mutation MarkReadyAndNotify($input: MarkReadyInput!, $notify: NotifySignerInput!) {
  markReady(input: $input) {
    __typename
    ... on MarkReadyPayload { signatureRequest { id status qrCode { link url image(format: PNG) } } }
    ... on Error { code message }
  }
  notifySigner(input: $notify) {
    __typename
    ... on NotifySignerPayload { signatureRequest { notification { ioMessageId } } }
    ... on Error { code message }
  }
}`,
    { input: { signatureRequestId: 'PASTE-REQUEST-ID' }, notify: { signatureRequestId: 'PASTE-REQUEST-ID' } },
  ),
];

function tab(query: string, variables: object): { query: string; variables: string } {
  return { query, variables: JSON.stringify(variables, null, 2) };
}
