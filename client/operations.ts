/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> =
  T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** The input of `cancelSignatureRequest`. */
export type CancelSignatureRequestInput = {
  /** The id of the signature request. */
  readonly signatureRequestId: string;
};

/** The clause that the citizen accepts with one signature. */
export type ClauseInput = {
  /** The title shown to the citizen: 5 to 79 UTF-16 code units, at least one of them a visible character. */
  readonly title: string;
  /** Whether the citizen must sign the clause. */
  readonly type: ClauseType;
};

/** The type of a clause (_clausola_): whether the citizen must sign it. */
export type ClauseType =
  /** _Clausola facoltativa_: the citizen chooses whether to sign it. */
  | 'OPTIONAL'
  /** _Clausola obbligatoria_: the citizen must sign it to sign the request. */
  | 'REQUIRED'
  /** _Clausola vessatoria_: an unfair term (articles 1341 and 1342 of the Italian Civil Code), which the citizen must sign separately. */
  | 'UNFAIR';

/** The input of `createDossier`. */
export type CreateDossierInput = {
  /** The documents to sign, from 1 to 100. */
  readonly documents: ReadonlyArray<DocumentInput>;
  /** A key that makes retries safe: a retry with the same key and input returns the outcome of the first call. Use a random value of 1 to 255 printable ASCII characters, such as a UUID, and generate it before the first attempt. The gateway stores a key for 24 hours, unless the operator configures another time. Keys are separate per caller and per mutation. A different input with the same key is an `IdempotencyConflictError`. A retry waits while the first call is running. If null, each call has an effect of its own. */
  readonly idempotencyKey?: string | null | undefined;
  /** The e-mail address to which the citizen can write for help. If null, the address of the institution. */
  readonly supportEmail?: string | null | undefined;
  /** The title shown to the citizen; at least one visible character. */
  readonly title: string;
};

/** The input of `createSignatureRequest`. */
export type CreateSignatureRequestInput = {
  /** The documents of this signature request, from 1 to 100. They replace those of the dossier. If null, the documents of the dossier. */
  readonly documents?: ReadonlyArray<DocumentInput> | null | undefined;
  /** The id of the dossier, as returned by `createDossier`. */
  readonly dossierId: string;
  /** When the signature request expires; in the future. If null, in 90 days, which is also when the service deletes uploaded files. */
  readonly expiresAt?: string | null | undefined;
  /** A key that makes retries safe: a retry with the same key and input returns the outcome of the first call. Use a random value of 1 to 255 printable ASCII characters, such as a UUID, and generate it before the first attempt. The gateway stores a key for 24 hours, unless the operator configures another time. Keys are separate per caller and per mutation. A different input with the same key is an `IdempotencyConflictError`. A retry waits while the first call is running. If null, each call has an effect of its own. */
  readonly idempotencyKey?: string | null | undefined;
  /** The id of the signer, as returned by `findSigner`. */
  readonly signerId: string;
};

/** The input of `createUploadUrl`. */
export type CreateUploadUrlInput = {
  /** The id of the document. */
  readonly documentId: string;
  /** The id of the signature request. */
  readonly signatureRequestId: string;
};

/** A document to sign. Its file is uploaded later. */
export type DocumentInput = {
  /** The signature fields, at most 100. At least one clause must not be `OPTIONAL`. If null or empty, one invisible signature covers the whole document. */
  readonly fields?: ReadonlyArray<SignatureFieldInput> | null | undefined;
  /** The title shown to the citizen: 3 to 60 UTF-16 code units, at least one of them a visible character. */
  readonly title: string;
};

/** The status of a document. */
export type DocumentStatus =
  /** The service has accepted the file. */
  | 'READY'
  /** The service has rejected the file: see `rejectReasons`. Upload a corrected file. */
  | 'REJECTED'
  /** A status that this version of the gateway does not know. */
  | 'UNKNOWN'
  /** The file has not been uploaded, or its validation has not started. */
  | 'WAIT_FOR_UPLOAD'
  /** The service validates the file. Its documentation has this status, but it never returns it. */
  | 'WAIT_FOR_VALIDATION';

/** The code of an error in the result of a mutation. Handle errors by this code or by `__typename`. */
export type ErrorCode =
  /** The notification of this signature request was already sent. */
  | 'ALREADY_NOTIFIED'
  /** The text of an anchor was not found in the PDF. */
  | 'ANCHOR_NOT_FOUND'
  /** Documents have not been uploaded, or the service is still validating them. */
  | 'DOCUMENTS_NOT_READY'
  /** The service rejected the content of a document. */
  | 'DOCUMENT_REJECTED'
  /** The file is empty. */
  | 'EMPTY_FILE'
  /** The files did not arrive in the order of the fields that use them. */
  | 'FILE_ORDER'
  /** The file exceeds the size limit of the gateway. */
  | 'FILE_TOO_LARGE'
  /** The same `idempotencyKey` was used before with a different input. */
  | 'IDEMPOTENCY_CONFLICT'
  /** The input breaks rules of the service. See `fieldErrors`. */
  | 'INVALID_INPUT'
  /** The file does not start with `%PDF-`. */
  | 'NOT_A_PDF'
  /** No record that the caller may access has this id. */
  | 'NOT_FOUND'
  /** The outcome is unknown: the operation may or may not have been performed. */
  | 'OUTCOME_UNKNOWN'
  /** A step of `requestSignature` failed. See `step` and `cause`. */
  | 'REQUEST_SIGNATURE_INCOMPLETE'
  /** A call to Firma con IO failed. See `fault`. Only the `cause` of another error has this code. */
  | 'SERVICE_FAULT'
  /** The citizen cannot be reached through the IO app. */
  | 'SIGNER_UNAVAILABLE'
  /** The PDF cannot be opened, or the gateway could not inspect it. See `reason`. */
  | 'UNREADABLE_PDF'
  /** The file did not arrive completely. */
  | 'UPLOAD_INTERRUPTED'
  /** The status of the signature request does not allow the action. */
  | 'WRONG_STATUS';

/** Where the box of a field is, relative to the text of its anchor, as the reader sees the page. */
export type FieldAlign =
  /** The box stands on the text; their left edges are aligned. */
  | 'ABOVE'
  /** The box hangs under the text; their left edges are aligned. */
  | 'BELOW'
  /** The lower left corners of box and text coincide: the box stands where the text stands. */
  | 'BOTTOM_LEFT'
  /** The centres of box and text coincide. */
  | 'CENTER'
  /** The box ends where the text begins, at the same height. */
  | 'LEFT'
  /** The box begins where the text ends, at the same height. */
  | 'RIGHT'
  /** The upper left corners of box and text coincide. */
  | 'TOP_LEFT';

/** A text of the PDF that places a field. The text is found as the reader sees it: on one line, with the same case, and with spaces where the text has spaces; it may be invisible, such as a white tag `{{firma:Rossi}}`. Lengths are in points (1/72 inch). The box must be within the page. */
export type FieldAnchorInput = {
  /** Where the box is, relative to the text. */
  readonly align?: FieldAlign;
  /** The height of the box, in points. The default is that of the examples of the service. */
  readonly height?: number;
  /** Which occurrence of the text, from 1 to 100, counted from the top to the bottom and from the left to the right, page by page. */
  readonly occurrence?: number;
  /** How far to move the box to the right, in points; negative to the left. */
  readonly offsetX?: number;
  /** How far to move the box downwards, in points; negative upwards. */
  readonly offsetY?: number;
  /** The index of the page on which to look; the first page is 0. If null, all pages. */
  readonly page?: number | null | undefined;
  /** The text to find: 1 to 200 UTF-16 code units on one line. */
  readonly text: string;
  /** The width of the box, in points. The default is that of the examples of the service. */
  readonly width?: number;
};

/** A box in which the service places the signature. All lengths are in points (1/72 inch); an A4 page measures 595.28 × 841.89. The box must not touch the right or the lower edge of the page. */
export type FieldBoxInput = {
  /** The height of the box, in points; not negative. */
  readonly height: number;
  /** The index of the page; the first page is 0. */
  readonly page: number;
  /** The width of the box, in points; not negative. */
  readonly width: number;
  /** The distance from the left edge of the page to the box, in points. */
  readonly x: number;
  /** The distance from the top edge of the page to the box, in points. */
  readonly y: number;
};

/** The position of a signature. Set exactly one of the three fields. */
export type FieldPositionInput =
  | {
      /** A text of the PDF. Only where the mutation has the file: in `requestSignature`, `validateDocument` and `inspectDocument`. */
      readonly anchor: FieldAnchorInput;
      readonly box?: never;
      readonly uniqueName?: never;
    }
  | {
      readonly anchor?: never; /** A box on a page. */
      readonly box: FieldBoxInput;
      readonly uniqueName?: never;
    }
  | {
      readonly anchor?: never;
      readonly box?: never; /** The name of a signature field that exists in the PDF; not empty. */
      readonly uniqueName: string;
    };

/** The input of `findSigner`. */
export type FindSignerInput = {
  /** The fiscal code of the citizen. Pass it as a variable, never as a literal. */
  readonly fiscalCode: string;
};

/** The input of `inspectDocument`. */
export type InspectDocumentInput = {
  /** Texts to find in the PDF, at most 100. */
  readonly anchors?: ReadonlyArray<FieldAnchorInput> | null | undefined;
  /** Signature fields to check, at most 100. */
  readonly fields?: ReadonlyArray<SignatureFieldInput> | null | undefined;
  /** The PDF to inspect. */
  readonly file: Blob;
};

/** The input of `markReady`. */
export type MarkReadyInput = {
  /** The id of the signature request. */
  readonly signatureRequestId: string;
  /** The maximum time to wait for the outcome, from 0 to 55 seconds. After that time the mutation continues with the current state. */
  readonly waitSeconds?: number;
};

/** A dossier to create. Its documents are those of the signature request. */
export type NewDossierInput = {
  /** The e-mail address to which the citizen can write for help. If null, the address of the institution. */
  readonly supportEmail?: string | null | undefined;
  /** The title shown to the citizen; at least one visible character. */
  readonly title: string;
};

/** The input of `notifySigner`. */
export type NotifySignerInput = {
  /** A key that makes retries safe: a retry with the same key and input returns the outcome of the first call. Use a random value of 1 to 255 printable ASCII characters, such as a UUID, and generate it before the first attempt. The gateway stores a key for 24 hours, unless the operator configures another time. Keys are separate per caller and per mutation. A different input with the same key is an `IdempotencyConflictError`. A retry waits while the first call is running. If null, each call has an effect of its own. */
  readonly idempotencyKey?: string | null | undefined;
  /** The id of the signature request. */
  readonly signatureRequestId: string;
  /** The maximum time to wait for the outcome, from 0 to 55 seconds. After that time the mutation continues with the current state. */
  readonly waitSeconds?: number;
};

/** The consequence of a problem of a document. */
export type ProblemSeverity =
  /** The service, or the gateway for an anchor, would reject the document or the field. */
  | 'ERROR'
  /** The service accepts the document, but ignores something that the reader of the document sees. */
  | 'WARNING';

/** A document to sign, with its file. */
export type RequestSignatureDocumentInput = {
  /** The signature fields, at most 100. At least one clause must not be `OPTIONAL`. If null or empty, one invisible signature covers the whole document. */
  readonly fields?: ReadonlyArray<SignatureFieldInput> | null | undefined;
  /** The PDF. Send the files in the order of the documents. */
  readonly file: Blob;
  /** The title shown to the citizen: 3 to 60 UTF-16 code units, at least one of them a visible character. */
  readonly title: string;
};

/** The dossier of the signature request. Set exactly one of the two fields. */
export type RequestSignatureDossierInput =
  | {
      /** A dossier to create. Not available to callers with the role citizen. */
      readonly create: NewDossierInput;
      readonly id?: never;
    }
  | {
      readonly create?: never; /** The id of an existing dossier. The documents of the signature request replace those of the dossier. */
      readonly id: string;
    };

/** The input of `requestSignature`. */
export type RequestSignatureInput = {
  /** The documents to sign, from 1 to 10. */
  readonly documents: ReadonlyArray<RequestSignatureDocumentInput>;
  /** The dossier of the signature request. */
  readonly dossier: RequestSignatureDossierInput;
  /** When the signature request expires; in the future. If null, in 90 days, which is also when the service deletes uploaded files. */
  readonly expiresAt?: string | null | undefined;
  /** A key that makes retries safe: a retry with the same key and input returns the outcome of the first call. Use a random value of 1 to 255 printable ASCII characters, such as a UUID, and generate it before the first attempt. The gateway stores a key for 24 hours, unless the operator configures another time. Keys are separate per caller and per mutation. A different input with the same key is an `IdempotencyConflictError`. A retry waits while the first call is running. If null, each call has an effect of its own. A retry continues from the step at which the first call stopped. Send the same files again: the gateway compares stored files instead of storing them twice. A file that the service rejected may be replaced. */
  readonly idempotencyKey?: string | null | undefined;
  /** Whether to send the notification in the IO app. It has an effect only with `until: WAIT_FOR_SIGNATURE`. */
  readonly notify?: boolean;
  /** The citizen who signs. */
  readonly signer: RequestSignatureSignerInput;
  /** The last step to perform. */
  readonly until?: RequestSignatureTarget;
  /** The maximum time to wait for the service in total, from 0 to 55 seconds, including the time in which the files arrive. If it ends before a step, the mutation returns a `RequestSignatureIncompleteError` with that step. */
  readonly waitSeconds?: number;
};

/** The signer of the signature request. Set exactly one of the two fields. */
export type RequestSignatureSignerInput =
  | {
      /** The fiscal code of the citizen, in upper case. Pass it as a variable of a POST request. */
      readonly fiscalCode: string;
      readonly id?: never;
    }
  | {
      readonly fiscalCode?: never; /** The id of the signer, as returned by `findSigner`. */
      readonly id: string;
    };

/** A step of `requestSignature`, named after the mutation that performs it alone. */
export type RequestSignatureStep =
  /** Create the dossier, unless the input has the id of one. */
  | 'CREATE_DOSSIER'
  /** Create the signature request, in status `DRAFT`. */
  | 'CREATE_SIGNATURE_REQUEST'
  /** Resolve the fiscal code to a signer. Nothing has been created. */
  | 'FIND_SIGNER'
  /** Mark the signature request as ready and wait for its QR code. */
  | 'MARK_READY'
  /** Send the notification to the citizen. */
  | 'NOTIFY_SIGNER'
  /** Read the files whose fields have anchors. Nothing has been created. */
  | 'RESOLVE_ANCHORS'
  /** Store the files and wait until the service has validated them. */
  | 'UPLOAD_DOCUMENTS';

/** The last step of `requestSignature`. */
export type RequestSignatureTarget =
  /** Upload the files, and wait for their validation while time remains. */
  | 'DRAFT'
  /** Mark the signature request as ready. */
  | 'READY'
  /** Wait for the QR code, and send the notification if `notify` is true. */
  | 'WAIT_FOR_SIGNATURE';

/** A signature field (_campo firma_): a clause and the position of its signature. */
export type SignatureFieldInput = {
  /** The clause to sign. */
  readonly clause: ClauseInput;
  /** The position of the signature. */
  readonly position: FieldPositionInput;
};

/** The status of a signature request. */
export type SignatureRequestStatus =
  /** The institution has cancelled the signature request. Final. */
  | 'CANCELLED'
  /** The documents can be uploaded. A draft cannot be cancelled or deleted. */
  | 'DRAFT'
  /** Marked as ready. The service prepares the signature, which takes seconds. */
  | 'READY'
  /** The signature failed for a technical reason: see `rejectReason`. It never means that the citizen refused to sign. Final. */
  | 'REJECTED'
  /** The citizen has signed. Final. */
  | 'SIGNED'
  /** A status that this version of the gateway does not know. */
  | 'UNKNOWN'
  /** The citizen can sign. The QR code exists, and the notification can be sent. */
  | 'WAIT_FOR_SIGNATURE';

/** The reason for which a citizen cannot be reached through the IO app. */
export type SignerUnavailableReason =
  /** The API key is a test key that does not list the citizen as a tester or does not allow the IP address of the gateway. */
  | 'NOT_A_TESTER'
  /** The citizen has never logged in to the IO app. */
  | 'NO_IO_PROFILE'
  /** The service could not read the IO profile of the citizen. Retry later. */
  | 'PROFILE_UNAVAILABLE'
  /** The citizen has disabled this service in the IO app. */
  | 'SERVICE_DISABLED';

/** The input of `uploadDocument`. */
export type UploadDocumentInput = {
  /** The id of the document. */
  readonly documentId: string;
  /** The PDF to upload. */
  readonly file: Blob;
  /** The id of the signature request. */
  readonly signatureRequestId: string;
  /** The maximum time to wait for the outcome, from 0 to 55 seconds. After that time the mutation continues with the current state. */
  readonly waitSeconds?: number;
};

/** The input of `validateDocument`. */
export type ValidateDocumentInput = {
  /** The signature fields that the PDF must have or have room for, at most 100. If null, only the PDF is validated. */
  readonly fields?: ReadonlyArray<SignatureFieldInput> | null | undefined;
  /** The PDF to validate. */
  readonly file: Blob;
};

export type CancelSignatureRequestMutationVariables = Exact<{
  input: CancelSignatureRequestInput;
}>;

export type CancelSignatureRequestMutation = {
  readonly cancelSignatureRequest:
    | {
        readonly __typename: 'CancelSignatureRequestPayload';
        readonly signatureRequest: {
          readonly id: string;
          readonly status: SignatureRequestStatus;
          readonly cancelledAt: string | null;
        };
      }
    | { readonly __typename: 'NotFoundError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'OutcomeUnknownError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'WrongStatusError';
        readonly status: SignatureRequestStatus;
        readonly allowed: ReadonlyArray<SignatureRequestStatus>;
        readonly code: ErrorCode;
        readonly message: string;
      }
    | null;
};

export type CreateDossierMutationVariables = Exact<{
  input: CreateDossierInput;
}>;

export type CreateDossierMutation = {
  readonly createDossier:
    | {
        readonly __typename: 'CreateDossierPayload';
        readonly dossier: {
          readonly id: string;
          readonly title: string;
          readonly documents: ReadonlyArray<{ readonly title: string }>;
        };
      }
    | { readonly __typename: 'IdempotencyConflictError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'InvalidInputError';
        readonly code: ErrorCode;
        readonly message: string;
        readonly fieldErrors: ReadonlyArray<{
          readonly path: ReadonlyArray<string>;
          readonly message: string;
        }>;
      }
    | { readonly __typename: 'NotFoundError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'OutcomeUnknownError'; readonly code: ErrorCode; readonly message: string }
    | null;
};

export type CreateSignatureRequestOnceMutationVariables = Exact<{
  input: CreateSignatureRequestInput;
}>;

export type CreateSignatureRequestOnceMutation = {
  readonly createSignatureRequest:
    | {
        readonly __typename: 'CreateSignatureRequestPayload';
        readonly signatureRequest: {
          readonly id: string;
          readonly status: SignatureRequestStatus;
          readonly documents: ReadonlyArray<{ readonly id: string; readonly title: string }> | null;
        };
      }
    | { readonly __typename: 'IdempotencyConflictError'; readonly message: string; readonly code: ErrorCode }
    | { readonly __typename: 'InvalidInputError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'NotFoundError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'OutcomeUnknownError'; readonly message: string; readonly code: ErrorCode }
    | null;
};

export type CreateSignatureRequestMutationVariables = Exact<{
  input: CreateSignatureRequestInput;
}>;

export type CreateSignatureRequestMutation = {
  readonly createSignatureRequest:
    | {
        readonly __typename: 'CreateSignatureRequestPayload';
        readonly signatureRequest: {
          readonly id: string;
          readonly status: SignatureRequestStatus;
          readonly expiresAt: string;
          readonly documents: ReadonlyArray<{
            readonly id: string;
            readonly title: string;
            readonly status: DocumentStatus;
          }> | null;
        };
      }
    | { readonly __typename: 'IdempotencyConflictError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'InvalidInputError';
        readonly code: ErrorCode;
        readonly message: string;
        readonly fieldErrors: ReadonlyArray<{
          readonly path: ReadonlyArray<string>;
          readonly message: string;
        }>;
      }
    | { readonly __typename: 'NotFoundError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'OutcomeUnknownError'; readonly code: ErrorCode; readonly message: string }
    | null;
};

export type CreateUploadUrlMutationVariables = Exact<{
  input: CreateUploadUrlInput;
}>;

export type CreateUploadUrlMutation = {
  readonly createUploadUrl:
    | {
        readonly __typename: 'CreateUploadUrlPayload';
        readonly method: string;
        readonly url: string;
        readonly expiresAt: string;
        readonly headers: ReadonlyArray<{ readonly name: string; readonly value: string }>;
      }
    | { readonly __typename: 'NotFoundError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'WrongStatusError'; readonly code: ErrorCode; readonly message: string }
    | null;
};

export type DossierSignatureRequestsQueryVariables = Exact<{
  id: string;
  after?: string | null | undefined;
}>;

export type DossierSignatureRequestsQuery = {
  readonly dossier: {
    readonly title: string;
    readonly signatureRequests: {
      readonly nodes: ReadonlyArray<{
        readonly id: string;
        readonly status: SignatureRequestStatus;
        readonly updatedAt: string;
      } | null>;
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    } | null;
  } | null;
};

export type FindSignerMutationVariables = Exact<{
  input: FindSignerInput;
}>;

export type FindSignerMutation = {
  readonly findSigner:
    | { readonly __typename: 'FindSignerPayload'; readonly signer: { readonly id: string } }
    | {
        readonly __typename: 'InvalidInputError';
        readonly code: ErrorCode;
        readonly message: string;
        readonly fieldErrors: ReadonlyArray<{
          readonly path: ReadonlyArray<string>;
          readonly message: string;
        }>;
      }
    | {
        readonly __typename: 'SignerUnavailableError';
        readonly reason: SignerUnavailableReason;
        readonly code: ErrorCode;
        readonly message: string;
      }
    | null;
};

export type InspectDocumentMutationVariables = Exact<{
  input: InspectDocumentInput;
}>;

export type InspectDocumentMutation = {
  readonly inspectDocument:
    | { readonly __typename: 'EmptyFileError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'FileOrderError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'FileTooLargeError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'InspectDocumentPayload';
        readonly sizeBytes: number;
        readonly isEncrypted: boolean;
        readonly isSigned: boolean;
        readonly pages: ReadonlyArray<{
          readonly index: number;
          readonly width: number;
          readonly height: number;
          readonly rotation: number;
        }>;
        readonly signatureFields: ReadonlyArray<{
          readonly name: string;
          readonly page: number | null;
          readonly isSigned: boolean;
        }>;
        readonly anchors: ReadonlyArray<{
          readonly text: string;
          readonly matchCount: number;
          readonly nearest: string | null;
          readonly matches: ReadonlyArray<{
            readonly page: number;
            readonly textBox: {
              readonly x: number;
              readonly y: number;
              readonly width: number;
              readonly height: number;
            };
            readonly fieldBox: {
              readonly x: number;
              readonly y: number;
              readonly width: number;
              readonly height: number;
            };
          }>;
        }>;
        readonly problems: ReadonlyArray<{
          readonly path: ReadonlyArray<string>;
          readonly severity: ProblemSeverity;
          readonly message: string;
        }>;
      }
    | {
        readonly __typename: 'InvalidInputError';
        readonly code: ErrorCode;
        readonly message: string;
        readonly fieldErrors: ReadonlyArray<{
          readonly path: ReadonlyArray<string>;
          readonly message: string;
        }>;
      }
    | { readonly __typename: 'NotAPdfError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'UnreadablePdfError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'UploadInterruptedError'; readonly code: ErrorCode; readonly message: string }
    | null;
};

export type MarkReadyAndNotifyMutationVariables = Exact<{
  id: string;
}>;

export type MarkReadyAndNotifyMutation = {
  readonly markReady:
    | { readonly __typename: 'DocumentRejectedError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'DocumentsNotReadyError';
        readonly code: ErrorCode;
        readonly message: string;
        readonly documents: ReadonlyArray<{ readonly title: string; readonly status: DocumentStatus }>;
      }
    | { readonly __typename: 'InvalidInputError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'MarkReadyPayload';
        readonly signatureRequest: {
          readonly id: string;
          readonly status: SignatureRequestStatus;
          readonly qrCode: { readonly link: string; readonly url: string } | null;
        };
      }
    | { readonly __typename: 'NotFoundError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'OutcomeUnknownError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'WrongStatusError'; readonly code: ErrorCode; readonly message: string }
    | null;
  readonly notifySigner:
    | { readonly __typename: 'AlreadyNotifiedError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'IdempotencyConflictError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'InvalidInputError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'NotFoundError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'NotifySignerPayload';
        readonly signatureRequest: {
          readonly status: SignatureRequestStatus;
          readonly notification: { readonly ioMessageId: string } | null;
        };
      }
    | { readonly __typename: 'OutcomeUnknownError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'SignerUnavailableError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'WrongStatusError'; readonly code: ErrorCode; readonly message: string }
    | null;
};

export type MarkReadyMutationVariables = Exact<{
  input: MarkReadyInput;
}>;

export type MarkReadyMutation = {
  readonly markReady:
    | {
        readonly __typename: 'DocumentRejectedError';
        readonly code: ErrorCode;
        readonly message: string;
        readonly documents: ReadonlyArray<{
          readonly title: string;
          readonly rejectReasons: ReadonlyArray<string>;
        }>;
      }
    | {
        readonly __typename: 'DocumentsNotReadyError';
        readonly code: ErrorCode;
        readonly message: string;
        readonly documents: ReadonlyArray<{ readonly title: string; readonly status: DocumentStatus }>;
      }
    | {
        readonly __typename: 'InvalidInputError';
        readonly code: ErrorCode;
        readonly message: string;
        readonly fieldErrors: ReadonlyArray<{
          readonly path: ReadonlyArray<string>;
          readonly message: string;
        }>;
      }
    | {
        readonly __typename: 'MarkReadyPayload';
        readonly signatureRequest: {
          readonly id: string;
          readonly status: SignatureRequestStatus;
          readonly qrCode: { readonly link: string; readonly image: string } | null;
        };
      }
    | { readonly __typename: 'NotFoundError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'OutcomeUnknownError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'WrongStatusError'; readonly code: ErrorCode; readonly message: string }
    | null;
};

export type NotifySignerMutationVariables = Exact<{
  input: NotifySignerInput;
}>;

export type NotifySignerMutation = {
  readonly notifySigner:
    | {
        readonly __typename: 'AlreadyNotifiedError';
        readonly ioMessageId: string;
        readonly code: ErrorCode;
        readonly message: string;
      }
    | { readonly __typename: 'IdempotencyConflictError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'InvalidInputError';
        readonly code: ErrorCode;
        readonly message: string;
        readonly fieldErrors: ReadonlyArray<{
          readonly path: ReadonlyArray<string>;
          readonly message: string;
        }>;
      }
    | { readonly __typename: 'NotFoundError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'NotifySignerPayload';
        readonly signatureRequest: {
          readonly status: SignatureRequestStatus;
          readonly notification: { readonly ioMessageId: string } | null;
        };
      }
    | { readonly __typename: 'OutcomeUnknownError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'SignerUnavailableError';
        readonly reason: SignerUnavailableReason;
        readonly code: ErrorCode;
        readonly message: string;
      }
    | { readonly __typename: 'WrongStatusError'; readonly code: ErrorCode; readonly message: string }
    | null;
};

export type RequestSignatureMutationVariables = Exact<{
  input: RequestSignatureInput;
}>;

export type RequestSignatureMutation = {
  readonly requestSignature:
    | {
        readonly __typename: 'AnchorNotFoundError';
        readonly code: ErrorCode;
        readonly message: string;
        readonly anchors: ReadonlyArray<{
          readonly path: ReadonlyArray<string>;
          readonly text: string;
          readonly matches: number;
          readonly nearest: string | null;
        }>;
      }
    | { readonly __typename: 'IdempotencyConflictError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'InvalidInputError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'OutcomeUnknownError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'RequestSignatureIncompleteError';
        readonly step: RequestSignatureStep;
        readonly code: ErrorCode;
        readonly message: string;
        readonly cause:
          | {
              readonly __typename: 'AlreadyNotifiedError';
              readonly code: ErrorCode;
              readonly message: string;
            }
          | { readonly __typename: 'AnchorNotFoundError'; readonly code: ErrorCode; readonly message: string }
          | {
              readonly __typename: 'DocumentRejectedError';
              readonly reasons: ReadonlyArray<string>;
              readonly code: ErrorCode;
              readonly message: string;
            }
          | {
              readonly __typename: 'DocumentsNotReadyError';
              readonly code: ErrorCode;
              readonly message: string;
            }
          | { readonly __typename: 'EmptyFileError'; readonly code: ErrorCode; readonly message: string }
          | { readonly __typename: 'FileOrderError'; readonly code: ErrorCode; readonly message: string }
          | { readonly __typename: 'FileTooLargeError'; readonly code: ErrorCode; readonly message: string }
          | {
              readonly __typename: 'IdempotencyConflictError';
              readonly code: ErrorCode;
              readonly message: string;
            }
          | { readonly __typename: 'InvalidInputError'; readonly code: ErrorCode; readonly message: string }
          | { readonly __typename: 'NotAPdfError'; readonly code: ErrorCode; readonly message: string }
          | { readonly __typename: 'NotFoundError'; readonly code: ErrorCode; readonly message: string }
          | { readonly __typename: 'OutcomeUnknownError'; readonly code: ErrorCode; readonly message: string }
          | {
              readonly __typename: 'RequestSignatureIncompleteError';
              readonly code: ErrorCode;
              readonly message: string;
            }
          | { readonly __typename: 'ServiceFaultError'; readonly code: ErrorCode; readonly message: string }
          | {
              readonly __typename: 'SignerUnavailableError';
              readonly code: ErrorCode;
              readonly message: string;
            }
          | { readonly __typename: 'UnreadablePdfError'; readonly code: ErrorCode; readonly message: string }
          | {
              readonly __typename: 'UploadInterruptedError';
              readonly code: ErrorCode;
              readonly message: string;
            }
          | { readonly __typename: 'WrongStatusError'; readonly code: ErrorCode; readonly message: string };
        readonly progress: {
          readonly dossierId: string | null;
          readonly signatureRequest: {
            readonly id: string;
            readonly status: SignatureRequestStatus;
            readonly documents: ReadonlyArray<{
              readonly id: string;
              readonly title: string;
              readonly status: DocumentStatus;
            }> | null;
          } | null;
        };
      }
    | {
        readonly __typename: 'RequestSignaturePayload';
        readonly signatureRequest: {
          readonly id: string;
          readonly status: SignatureRequestStatus;
          readonly qrCode: { readonly link: string } | null;
          readonly notification: { readonly ioMessageId: string } | null;
        };
        readonly files: ReadonlyArray<{
          readonly documentId: string;
          readonly sizeBytes: number;
          readonly sha256: string;
        }>;
      }
    | null;
};

export type SignatureRequestChangedSubscriptionVariables = Exact<{
  id: string;
}>;

export type SignatureRequestChangedSubscription = {
  readonly signatureRequestChanged: {
    readonly id: string;
    readonly status: SignatureRequestStatus;
    readonly isExpired: boolean;
    readonly qrCode: { readonly link: string } | null;
    readonly notification: { readonly ioMessageId: string } | null;
    readonly documents: ReadonlyArray<{
      readonly title: string;
      readonly status: DocumentStatus;
      readonly rejectReasons: ReadonlyArray<string>;
      readonly downloadUrl: string | null;
    }> | null;
  };
};

export type SignatureRequestQueryVariables = Exact<{
  id: string;
}>;

export type SignatureRequestQuery = {
  readonly signatureRequest: {
    readonly id: string;
    readonly status: SignatureRequestStatus;
    readonly createdAt: string;
    readonly expiresAt: string;
    readonly isExpired: boolean;
    readonly rejectReason: string | null;
    readonly qrCode: { readonly link: string } | null;
    readonly notification: { readonly ioMessageId: string } | null;
    readonly dossier: { readonly id: string; readonly title: string } | null;
    readonly documents: ReadonlyArray<{
      readonly id: string;
      readonly title: string;
      readonly status: DocumentStatus;
      readonly rejectReasons: ReadonlyArray<string>;
      readonly downloadUrl: string | null;
      readonly downloadUrlExpiresAt: string | null;
    }> | null;
  } | null;
};

export type UploadDocumentMutationVariables = Exact<{
  input: UploadDocumentInput;
}>;

export type UploadDocumentMutation = {
  readonly uploadDocument:
    | {
        readonly __typename: 'DocumentRejectedError';
        readonly reasons: ReadonlyArray<string>;
        readonly code: ErrorCode;
        readonly message: string;
      }
    | { readonly __typename: 'EmptyFileError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'FileOrderError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'FileTooLargeError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'InvalidInputError';
        readonly code: ErrorCode;
        readonly message: string;
        readonly fieldErrors: ReadonlyArray<{
          readonly path: ReadonlyArray<string>;
          readonly message: string;
        }>;
      }
    | { readonly __typename: 'NotAPdfError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'NotFoundError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'UploadDocumentPayload';
        readonly sizeBytes: number;
        readonly sha256: string;
        readonly document: { readonly status: DocumentStatus };
      }
    | { readonly __typename: 'UploadInterruptedError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'WrongStatusError'; readonly code: ErrorCode; readonly message: string }
    | null;
};

export type UploadedDocumentQueryVariables = Exact<{
  id: string;
}>;

export type UploadedDocumentQuery = {
  readonly signatureRequest: {
    readonly status: SignatureRequestStatus;
    readonly documents: ReadonlyArray<{
      readonly id: string;
      readonly title: string;
      readonly status: DocumentStatus;
      readonly rejectReasons: ReadonlyArray<string>;
    }> | null;
  } | null;
};

export type ValidateDocumentMutationVariables = Exact<{
  input: ValidateDocumentInput;
}>;

export type ValidateDocumentMutation = {
  readonly validateDocument:
    | { readonly __typename: 'AnchorNotFoundError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'EmptyFileError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'FileOrderError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'FileTooLargeError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'InvalidInputError';
        readonly code: ErrorCode;
        readonly message: string;
        readonly fieldErrors: ReadonlyArray<{
          readonly path: ReadonlyArray<string>;
          readonly message: string;
        }>;
      }
    | { readonly __typename: 'NotAPdfError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'UnreadablePdfError'; readonly code: ErrorCode; readonly message: string }
    | { readonly __typename: 'UploadInterruptedError'; readonly code: ErrorCode; readonly message: string }
    | {
        readonly __typename: 'ValidateDocumentPayload';
        readonly isValid: boolean;
        readonly violations: ReadonlyArray<string>;
      }
    | null;
};

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const CancelSignatureRequest = /*#__PURE__*/ new TypedDocumentString(`
    mutation CancelSignatureRequest($input: CancelSignatureRequestInput!) {
  cancelSignatureRequest(input: $input) {
    __typename
    ... on CancelSignatureRequestPayload {
      signatureRequest {
        id
        status
        cancelledAt
      }
    }
    ... on WrongStatusError {
      status
      allowed
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<
  CancelSignatureRequestMutation,
  CancelSignatureRequestMutationVariables
>;
export const CreateDossier = /*#__PURE__*/ new TypedDocumentString(`
    mutation CreateDossier($input: CreateDossierInput!) {
  createDossier(input: $input) {
    __typename
    ... on CreateDossierPayload {
      dossier {
        id
        title
        documents {
          title
        }
      }
    }
    ... on InvalidInputError {
      fieldErrors {
        path
        message
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateDossierMutation, CreateDossierMutationVariables>;
export const CreateSignatureRequestOnce = /*#__PURE__*/ new TypedDocumentString(`
    mutation CreateSignatureRequestOnce($input: CreateSignatureRequestInput!) {
  createSignatureRequest(input: $input) {
    __typename
    ... on CreateSignatureRequestPayload {
      signatureRequest {
        id
        status
        documents {
          id
          title
        }
      }
    }
    ... on OutcomeUnknownError {
      message
    }
    ... on IdempotencyConflictError {
      message
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<
  CreateSignatureRequestOnceMutation,
  CreateSignatureRequestOnceMutationVariables
>;
export const CreateSignatureRequest = /*#__PURE__*/ new TypedDocumentString(`
    mutation CreateSignatureRequest($input: CreateSignatureRequestInput!) {
  createSignatureRequest(input: $input) {
    __typename
    ... on CreateSignatureRequestPayload {
      signatureRequest {
        id
        status
        expiresAt
        documents {
          id
          title
          status
        }
      }
    }
    ... on InvalidInputError {
      fieldErrors {
        path
        message
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<
  CreateSignatureRequestMutation,
  CreateSignatureRequestMutationVariables
>;
export const CreateUploadUrl = /*#__PURE__*/ new TypedDocumentString(`
    mutation CreateUploadUrl($input: CreateUploadUrlInput!) {
  createUploadUrl(input: $input) {
    __typename
    ... on CreateUploadUrlPayload {
      method
      url
      expiresAt
      headers {
        name
        value
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<CreateUploadUrlMutation, CreateUploadUrlMutationVariables>;
export const DossierSignatureRequests = /*#__PURE__*/ new TypedDocumentString(`
    query DossierSignatureRequests($id: ID!, $after: String) {
  dossier(id: $id) {
    title
    signatureRequests(first: 100, after: $after) {
      nodes {
        id
        status
        updatedAt
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
    `) as unknown as TypedDocumentString<
  DossierSignatureRequestsQuery,
  DossierSignatureRequestsQueryVariables
>;
export const FindSigner = /*#__PURE__*/ new TypedDocumentString(`
    mutation FindSigner($input: FindSignerInput!) {
  findSigner(input: $input) {
    __typename
    ... on FindSignerPayload {
      signer {
        id
      }
    }
    ... on SignerUnavailableError {
      reason
    }
    ... on InvalidInputError {
      fieldErrors {
        path
        message
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<FindSignerMutation, FindSignerMutationVariables>;
export const InspectDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation InspectDocument($input: InspectDocumentInput!) {
  inspectDocument(input: $input) {
    __typename
    ... on InspectDocumentPayload {
      sizeBytes
      isEncrypted
      isSigned
      pages {
        index
        width
        height
        rotation
      }
      signatureFields {
        name
        page
        isSigned
      }
      anchors {
        text
        matchCount
        matches {
          page
          textBox {
            x
            y
            width
            height
          }
          fieldBox {
            x
            y
            width
            height
          }
        }
        nearest
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
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<InspectDocumentMutation, InspectDocumentMutationVariables>;
export const MarkReadyAndNotify = /*#__PURE__*/ new TypedDocumentString(`
    mutation MarkReadyAndNotify($id: ID!) {
  markReady(input: {signatureRequestId: $id}) {
    __typename
    ... on MarkReadyPayload {
      signatureRequest {
        id
        status
        qrCode {
          link
          url
        }
      }
    }
    ... on DocumentsNotReadyError {
      documents {
        title
        status
      }
    }
    ... on Error {
      code
      message
    }
  }
  notifySigner(input: {signatureRequestId: $id}) {
    __typename
    ... on NotifySignerPayload {
      signatureRequest {
        status
        notification {
          ioMessageId
        }
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<MarkReadyAndNotifyMutation, MarkReadyAndNotifyMutationVariables>;
export const MarkReady = /*#__PURE__*/ new TypedDocumentString(`
    mutation MarkReady($input: MarkReadyInput!) {
  markReady(input: $input) {
    __typename
    ... on MarkReadyPayload {
      signatureRequest {
        id
        status
        qrCode {
          link
          image(format: PNG)
        }
      }
    }
    ... on DocumentsNotReadyError {
      documents {
        title
        status
      }
    }
    ... on DocumentRejectedError {
      documents {
        title
        rejectReasons
      }
    }
    ... on InvalidInputError {
      fieldErrors {
        path
        message
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<MarkReadyMutation, MarkReadyMutationVariables>;
export const NotifySigner = /*#__PURE__*/ new TypedDocumentString(`
    mutation NotifySigner($input: NotifySignerInput!) {
  notifySigner(input: $input) {
    __typename
    ... on NotifySignerPayload {
      signatureRequest {
        status
        notification {
          ioMessageId
        }
      }
    }
    ... on AlreadyNotifiedError {
      ioMessageId
    }
    ... on SignerUnavailableError {
      reason
    }
    ... on InvalidInputError {
      fieldErrors {
        path
        message
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<NotifySignerMutation, NotifySignerMutationVariables>;
export const RequestSignature = /*#__PURE__*/ new TypedDocumentString(`
    mutation RequestSignature($input: RequestSignatureInput!) {
  requestSignature(input: $input) {
    __typename
    ... on RequestSignaturePayload {
      signatureRequest {
        id
        status
        qrCode {
          link
        }
        notification {
          ioMessageId
        }
      }
      files {
        documentId
        sizeBytes
        sha256
      }
    }
    ... on AnchorNotFoundError {
      anchors {
        path
        text
        matches
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
      }
      progress {
        dossierId
        signatureRequest {
          id
          status
          documents {
            id
            title
            status
          }
        }
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<RequestSignatureMutation, RequestSignatureMutationVariables>;
export const SignatureRequestChanged = /*#__PURE__*/ new TypedDocumentString(`
    subscription SignatureRequestChanged($id: ID!) {
  signatureRequestChanged(id: $id) {
    id
    status
    isExpired
    qrCode {
      link
    }
    notification {
      ioMessageId
    }
    documents {
      title
      status
      rejectReasons
      downloadUrl
    }
  }
}
    `) as unknown as TypedDocumentString<
  SignatureRequestChangedSubscription,
  SignatureRequestChangedSubscriptionVariables
>;
export const SignatureRequest = /*#__PURE__*/ new TypedDocumentString(`
    query SignatureRequest($id: ID!) {
  signatureRequest(id: $id) {
    id
    status
    createdAt
    expiresAt
    isExpired
    rejectReason
    qrCode {
      link
    }
    notification {
      ioMessageId
    }
    dossier {
      id
      title
    }
    documents {
      id
      title
      status
      rejectReasons
      downloadUrl
      downloadUrlExpiresAt
    }
  }
}
    `) as unknown as TypedDocumentString<SignatureRequestQuery, SignatureRequestQueryVariables>;
export const UploadDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation UploadDocument($input: UploadDocumentInput!) {
  uploadDocument(input: $input) {
    __typename
    ... on UploadDocumentPayload {
      document {
        status
      }
      sizeBytes
      sha256
    }
    ... on DocumentRejectedError {
      reasons
    }
    ... on InvalidInputError {
      fieldErrors {
        path
        message
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<UploadDocumentMutation, UploadDocumentMutationVariables>;
export const UploadedDocument = /*#__PURE__*/ new TypedDocumentString(`
    query UploadedDocument($id: ID!) {
  signatureRequest(id: $id) {
    status
    documents {
      id
      title
      status
      rejectReasons
    }
  }
}
    `) as unknown as TypedDocumentString<UploadedDocumentQuery, UploadedDocumentQueryVariables>;
export const ValidateDocument = /*#__PURE__*/ new TypedDocumentString(`
    mutation ValidateDocument($input: ValidateDocumentInput!) {
  validateDocument(input: $input) {
    __typename
    ... on ValidateDocumentPayload {
      isValid
      violations
    }
    ... on InvalidInputError {
      fieldErrors {
        path
        message
      }
    }
    ... on Error {
      code
      message
    }
  }
}
    `) as unknown as TypedDocumentString<ValidateDocumentMutation, ValidateDocumentMutationVariables>;
