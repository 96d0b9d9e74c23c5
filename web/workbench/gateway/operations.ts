import { graphql } from '../../graphql/graphql.ts';
import type { ResultOf, VariablesOf } from '../../graphql/graphql.ts';

export const REQUEST_SIGNATURE = graphql(`
  mutation RequestSignature($input: RequestSignatureInput!) {
    requestSignature(input: $input) {
      __typename
      ... on RequestSignaturePayload {
        signatureRequest {
          id
          status
        }
      }
      ... on InvalidInputError {
        fieldErrors {
          path
          message
        }
      }
      ... on AnchorNotFoundError {
        anchors {
          path
          text
          nearest
        }
      }
      ... on RequestSignatureIncompleteError {
        step
        cause {
          __typename
          code
          message
          ... on DocumentRejectedError {
            reasons
          }
          ... on SignerUnavailableError {
            reason
          }
          ... on ServiceFaultError {
            fault
            retryAfterSeconds
          }
        }
        progress {
          signatureRequestId
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const SIGNATURE_REQUEST_CHANGED = graphql(`
  subscription SignatureRequestChanged($id: ID!) {
    signatureRequestChanged(id: $id) {
      id
      status
      isExpired
      expiresAt
      rejectReason
      qrCode {
        link
        image
      }
      notification {
        ioMessageId
      }
      documents {
        id
        title
        status
        rejectReasons
      }
    }
  }
`);

export const SIGNATURE_REQUEST_STATUS = graphql(`
  query SignatureRequestStatus($id: ID!) {
    signatureRequest(id: $id) {
      id
      status
    }
  }
`);

export const INSPECT_DOCUMENT = graphql(`
  mutation InspectDocument($input: InspectDocumentInput!) {
    inspectDocument(input: $input) {
      __typename
      ... on InspectDocumentPayload {
        pages {
          index
          width
          height
        }
        signatureFields {
          name
          isSigned
          box {
            page
            x
            y
            width
            height
          }
        }
        anchors {
          text
          matchCount
          nearest
          matches {
            page
            fieldBox {
              page
              x
              y
              width
              height
            }
          }
        }
        problems {
          path
          severity
          message
        }
      }
      ... on InvalidInputError {
        fieldErrors {
          path
          message
        }
      }
      ... on UnreadablePdfError {
        reason
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const CANCEL_SIGNATURE_REQUEST = graphql(`
  mutation CancelSignatureRequest($input: CancelSignatureRequestInput!) {
    cancelSignatureRequest(input: $input) {
      __typename
      ... on CancelSignatureRequestPayload {
        signatureRequest {
          id
          status
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export type RequestSignatureInput = VariablesOf<typeof REQUEST_SIGNATURE>['input'];
export type RequestSignatureResult = NonNullable<ResultOf<typeof REQUEST_SIGNATURE>['requestSignature']>;
export type InspectResult = NonNullable<ResultOf<typeof INSPECT_DOCUMENT>['inspectDocument']>;
export type Inspection = Extract<InspectResult, { __typename: 'InspectDocumentPayload' }>;
export type SignatureRequest = ResultOf<typeof SIGNATURE_REQUEST_CHANGED>['signatureRequestChanged'];
export type FieldBox = Inspection['anchors'][number]['matches'][number]['fieldBox'];
