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
  /** Of the key that created it. */
  readonly environment: ApiKey['environment'];
  readonly dossierId: string;
  readonly signerId: string;
  readonly createdAt: number;
  /** Moves with the status only: neither a validated document nor a notification touches it. */
  readonly updatedAt: number;
  readonly expiresAt: number;
  readonly documents: readonly SignatureDocument[];
  /** Message id of the one notification. */
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
  /** The published document has it. The service never stores it, so no client of the service ever sees it. */
  | { readonly status: 'WAIT_FOR_VALIDATION'; readonly uploadedAt: number }
  | { readonly status: 'READY'; readonly uploadedAt: number }
  | {
      readonly status: 'REJECTED';
      readonly uploadedAt: number;
      readonly rejectedAt: number;
      readonly rejectReason: string;
    };

/** What an upload URL was given out for. The key is the name of the blob that the URL leads to. */
export interface Upload {
  readonly requestId: string;
  readonly documentId: string;
  readonly createdAt: number;
}

/**
 * The citizen side's copy of a request. The service keeps it in another database and in step by queues only, so the
 * two copies can end up telling different stories. Not visible through the API.
 */
export interface CitizenCopy {
  readonly status: 'WAIT_FOR_SIGNATURE' | 'WAIT_FOR_QTSP' | 'SIGNED' | 'REJECTED' | 'CANCELLED';
  /** How often it was signed: tells the outcome of the latest signature from those before. */
  readonly attempt: number;
  /** Titles of the optional clauses that the latest signature agreed to. */
  readonly agreedClauses: readonly string[];
}

/** Everything the service remembers apart from blobs. Records are replaced, never changed in place. */
export interface Store {
  readonly issuers: Map<string, Issuer>;
  /** By the key itself. While there is none, every key that is not empty is an open one of the default issuer. */
  readonly keys: Map<string, ApiKey>;
  readonly dossiers: Map<string, Dossier>;
  readonly requests: Map<string, SignatureRequest>;
  readonly uploads: Map<string, Upload>;
  /** Request ids by dossier, in order of creation. */
  readonly requestsByDossier: Map<string, string[]>;
  /** By request id. A request that was put here without one is taken to be the same on both sides. */
  readonly citizenCopies: Map<string, CitizenCopy>;
  /** What the tokenizer knows: fiscal codes by signer id. */
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

/** Records are never changed in place, so a copy of what holds them keeps everything. */
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
