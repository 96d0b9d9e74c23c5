import { beginSignature, citizenCopyOf, hasAllFiles, optionalClausesOf, scenarioOf } from './signing.ts';
import type { Outcome } from './task.ts';
import type { Clause } from '../decoding/document-metadata.ts';
import type { CitizenCopy, SignatureRequest } from './store.ts';
import type { World } from './world.ts';

export type SignerRef = { readonly fiscalCode: string } | { readonly signerId: string };

/** A request as the app shows it. */
export interface WaitingRequest {
  readonly id: string;
  /** REJECTED: the trust provider failed, the citizen may try again. */
  readonly status: 'WAIT_FOR_SIGNATURE' | 'REJECTED';
  readonly issuerName: string;
  readonly dossierTitle: string;
  readonly documents: readonly {
    readonly id: string;
    readonly title: string;
    readonly clauses: readonly Clause[];
  }[];
  readonly expiresAt: Date;
  /** Then the app lets nobody sign. The issuer's side knows nothing of it. */
  readonly isExpired: boolean;
}

export interface SignOptions {
  /**
   * Optional clauses that the citizen agrees to, by title. Required and unfair-terms clauses are always signed.
   * @default 'all'
   */
  readonly clauses?: 'all' | 'required' | readonly string[];
  /**
   * What the trust provider makes of it. 'pending' never ends by itself.
   * @default 'signed', unless the title of the dossier says otherwise
   */
  readonly outcome?: Outcome | 'pending';
}

/** Where a request stands on the citizen's side, which the API does not show. */
export type CitizenStatus = CitizenCopy['status'];

export type CitizenErrorCode =
  'UNKNOWN_REQUEST' | 'NOT_REACHED' | 'WRONG_STATUS' | 'EXPIRED' | 'FILES_DELETED' | 'UNKNOWN_CLAUSE';

/** The citizen cannot do this. The message says what to do instead. */
export class CitizenError extends Error {
  override readonly name = 'CitizenError';
  readonly code: CitizenErrorCode;

  constructor(code: CitizenErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The signers of one sandbox and their app. What they do takes the service's time, on the sandbox's clock. */
export interface Citizen {
  /** What the app shows a signer: requests to be signed, in order of creation. */
  waiting(signer: SignerRef): WaitingRequest[];
  /** @throws CitizenError when there is no such request or it has not reached the citizen */
  statusOf(signatureRequestId: string): CitizenStatus;
  /**
   * The signer signs: WAIT_FOR_QTSP on their side now; about a minute later the outcome there, and a queue hop later in
   * the API, unless the issuer's copy has ended meanwhile.
   * @throws CitizenError unless the request can be signed now
   */
  sign(signatureRequestId: string, options?: SignOptions): void;
  /**
   * The trust provider finishes a signature now, a pending one or one that is on its way.
   * @throws CitizenError unless the citizen's side is in WAIT_FOR_QTSP
   */
  complete(signatureRequestId: string, outcome: Outcome): void;
}

export function createCitizen(world: World): Citizen {
  function find(id: string): { request: SignatureRequest; copy: CitizenCopy } {
    const request = world.store.requests.get(id);
    if (request === undefined) {
      throw new CitizenError('UNKNOWN_REQUEST', `There is no signature request ${id} in this sandbox.`);
    }
    const copy = citizenCopyOf(world, id);
    if (copy === undefined) {
      throw new CitizenError(
        'NOT_REACHED',
        `Signature request ${id} is ${request.status} and has not reached the citizen: mark it READY, then wait or move the clock until it is WAIT_FOR_SIGNATURE.`,
      );
    }
    return { request, copy };
  }

  return {
    waiting(signer) {
      const signerId = 'signerId' in signer ? signer.signerId : world.ids.signer(signer.fiscalCode);
      return [...world.store.requests.values()].flatMap((request) => {
        const status = citizenCopyOf(world, request.id)?.status;
        if (request.signerId !== signerId || !isSignable(status)) return [];
        return [waitingRequest(world, request, status)];
      });
    },
    statusOf: (id) => find(id).copy.status,
    sign(id, { clauses = 'all', outcome } = {}) {
      const { request, copy } = find(id);
      if (!isSignable(copy.status)) {
        throw new CitizenError(
          'WRONG_STATUS',
          `The citizen's side of signature request ${id} is ${copy.status}: only WAIT_FOR_SIGNATURE and REJECTED can be signed.`,
        );
      }
      if (isExpired(world, request)) {
        throw new CitizenError(
          'EXPIRED',
          `Signature request ${id} expired at ${new Date(request.expiresAt).toISOString()}, the app shows it as expired: create one with a later expires_at.`,
        );
      }
      if (!hasAllFiles(world, request)) {
        throw new CitizenError(
          'FILES_DELETED',
          `Files of signature request ${id} are gone, 90 days after their upload: create a new request.`,
        );
      }
      const agreed = agreedClauses(request, clauses);
      beginSignature(world, request, copy, agreed, outcome ?? scenarioOf(world, request).outcome);
    },
    complete(id, outcome) {
      const { copy } = find(id);
      if (copy.status !== 'WAIT_FOR_QTSP') {
        throw new CitizenError(
          'WRONG_STATUS',
          `The citizen's side of signature request ${id} is ${copy.status}: sign it first, for example with the outcome 'pending'.`,
        );
      }
      // A new attempt, so that an outcome already on its way is not taken for this one.
      const attempt = copy.attempt + 1;
      world.store.citizenCopies.set(id, { ...copy, attempt });
      world.clock.schedule(0, { kind: 'finish-signature', requestId: id, attempt, outcome });
    },
  };
}

function isSignable(status: CitizenStatus | undefined): status is WaitingRequest['status'] {
  return status === 'WAIT_FOR_SIGNATURE' || status === 'REJECTED';
}

function isExpired({ clock }: World, { expiresAt }: SignatureRequest): boolean {
  return expiresAt <= clock.now();
}

function waitingRequest(
  world: World,
  request: SignatureRequest,
  status: WaitingRequest['status'],
): WaitingRequest {
  const { dossiers, issuers } = world.store;
  return {
    id: request.id,
    status,
    issuerName: issuers.get(request.issuerId)?.name ?? '',
    dossierTitle: dossiers.get(request.dossierId)?.title ?? '',
    documents: request.documents.map(({ id, metadata }) => ({
      id,
      title: metadata.title,
      clauses: metadata.signature_fields.map(({ clause }) => clause),
    })),
    expiresAt: new Date(request.expiresAt),
    isExpired: isExpired(world, request),
  };
}

/** @throws CitizenError for a title that no clause of the request has */
function agreedClauses(
  request: SignatureRequest,
  clauses: NonNullable<SignOptions['clauses']>,
): readonly string[] {
  const optional = optionalClausesOf(request);
  if (clauses === 'all') return optional;
  if (clauses === 'required') return [];
  const unknown = clauses.find((title) => !optional.includes(title));
  if (unknown !== undefined) {
    const known = optional.map((title) => `"${title}"`).join(', ') || 'none';
    throw new CitizenError(
      'UNKNOWN_CLAUSE',
      `Signature request ${request.id} has no optional clause "${unknown}". Its optional clauses: ${known}.`,
    );
  }
  return clauses;
}
