import { DEFAULT_ISSUER } from './issuers.ts';
import type { ApiKey, Issuer } from './issuers.ts';
import type { DocumentMetadata } from '../decoding/document-metadata.ts';

/** All times are milliseconds since the epoch. */
export interface Dossier {
  readonly id: string;
  readonly issuerId: string;
  readonly title: string;
  readonly supportEmail: string;
  readonly documentsMetadata: readonly DocumentMetadata[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

interface SignatureRequestBase {
  readonly id: string;
  readonly issuerId: string;
  /** Environment of the key that created it. */
  readonly environment: ApiKey['environment'];
  readonly dossierId: string;
  readonly signerId: string;
  readonly createdAt: number;
  /** Changes with the status only, not with a document or a notification. */
  readonly updatedAt: number;
  readonly expiresAt: number;
  readonly documents: readonly SignatureDocument[];
  /** Message id of the notification. */
  readonly ioMessageId?: string;
}

export type SignatureRequest = SignatureRequestBase &
  (
    | { readonly status: 'DRAFT' | 'READY' | 'WAIT_FOR_SIGNATURE' }
    | { readonly status: 'SIGNED'; readonly signedAt: number }
    | { readonly status: 'REJECTED'; readonly rejectedAt: number; readonly rejectReason: string }
    | { readonly status: 'CANCELLED'; readonly cancelledAt: number }
  );

export type SignatureRequestStatus = SignatureRequest['status'];

export type SignatureDocument = {
  readonly id: string;
  readonly metadata: DocumentMetadata;
  readonly createdAt: number;
  readonly updatedAt: number;
} & DocumentState;

export type DocumentState =
  | { readonly status: 'WAIT_FOR_UPLOAD' }
  /** In the published document, but never stored by the service, so clients never see it. */
  | { readonly status: 'WAIT_FOR_VALIDATION'; readonly uploadedAt: number }
  | { readonly status: 'READY'; readonly uploadedAt: number }
  | {
      readonly status: 'REJECTED';
      readonly uploadedAt: number;
      readonly rejectedAt: number;
      readonly rejectReason: string;
    };

/** The purpose of an upload URL. Its key is the name of the blob. */
export interface Upload {
  readonly requestId: string;
  readonly documentId: string;
  readonly createdAt: number;
}

/**
 * The citizen side's copy of a request. The service stores it in another database that only queues synchronize, so the
 * two copies can diverge. The API does not show it.
 */
export interface CitizenCopy {
  readonly status: 'WAIT_FOR_SIGNATURE' | 'WAIT_FOR_QTSP' | 'SIGNED' | 'REJECTED' | 'CANCELLED';
  /** Number of signatures, to distinguish the outcome of the latest signature from earlier ones. */
  readonly attempt: number;
  /** Titles of the optional clauses in the latest signature. */
  readonly agreedClauses: readonly string[];
}

/** The records of the service, without blobs. Records are replaced, never changed in place. */
export interface Store {
  readonly issuers: Map<string, Issuer>;
  /** By API key. While it is empty, every non-empty key is accepted as a production key of the default issuer. */
  readonly keys: Map<string, ApiKey>;
  readonly dossiers: Map<string, Dossier>;
  readonly requests: Map<string, SignatureRequest>;
  readonly uploads: Map<string, Upload>;
  /** Request ids by dossier, in order of creation. */
  readonly requestsByDossier: Map<string, string[]>;
  /** By request id. A seeded request without a copy has the same state on both sides. */
  readonly citizenCopies: Map<string, CitizenCopy>;
  /** Data of the tokenizer: fiscal codes by signer id. */
  readonly fiscalCodes: Map<string, string>;
}

export function createStore(): Store {
  return {
    issuers: new Map([[DEFAULT_ISSUER.id, DEFAULT_ISSUER]]),
    keys: new Map(),
    dossiers: new Map(),
    requests: new Map(),
    uploads: new Map(),
    requestsByDossier: new Map(),
    citizenCopies: new Map(),
    fiscalCodes: new Map(),
  };
}

/** A shallow copy suffices, because records are never changed in place. */
export function copyStore(store: Store): Store {
  return {
    issuers: new Map(store.issuers),
    keys: new Map(store.keys),
    dossiers: new Map(store.dossiers),
    requests: new Map(store.requests),
    uploads: new Map(store.uploads),
    requestsByDossier: new Map([...store.requestsByDossier].map(([id, ids]) => [id, [...ids]])),
    citizenCopies: new Map(store.citizenCopies),
    fiscalCodes: new Map(store.fiscalCodes),
  };
}
