import { beginSignature, citizenCopyOf, hasAllFiles, optionalClausesOf, scenarioOf } from './signing.ts';
import type { Outcome } from './task.ts';
import type { Clause } from '../decoding/document-metadata.ts';
import type { CitizenCopy, SignatureRequest } from './store.ts';
import type { World } from './world.ts';

export type SignerRef = { readonly fiscalCode: string } | { readonly signerId: string };

/** A request as the IO app shows it. */
export interface WaitingRequest {
  readonly id: string;
  /** REJECTED: the trust provider failed, and the citizen can try again. */
  readonly status: 'WAIT_FOR_SIGNATURE' | 'REJECTED';
  readonly issuerName: string;
  readonly dossierTitle: string;
  readonly documents: readonly {
    readonly id: string;
    readonly title: string;
    readonly clauses: readonly Clause[];
  }[];
  readonly expiresAt: Date;
  /** If true, the app does not allow a signature. The issuer side does not show it. */
  readonly isExpired: boolean;
}

export interface SignOptions {
  /**
   * Optional clauses that the citizen signs, by title. REQUIRED and UNFAIR clauses are always signed.
   * @default 'all'
   */
  readonly clauses?: 'all' | 'required' | readonly string[];
  /**
   * The result of the trust provider. 'pending' lasts until `complete`.
   * @default 'signed', unless the title of the dossier contains a tag for another outcome
   */
  readonly outcome?: Outcome | 'pending';
}

/** The status of a request on the citizen side, which the API does not show. */
export type CitizenStatus = CitizenCopy['status'];

export type CitizenErrorCode =
  'UNKNOWN_REQUEST' | 'NOT_REACHED' | 'WRONG_STATUS' | 'EXPIRED' | 'FILES_DELETED' | 'UNKNOWN_CLAUSE';

/** The citizen cannot do this. The message states the reason and how to proceed. */
export class CitizenError extends Error {
  override readonly name = 'CitizenError';
  readonly code: CitizenErrorCode;

  constructor(code: CitizenErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The signers of a sandbox and the IO app. Their actions take as long as in the service, on the clock of the sandbox. */
export interface Citizen {
  /** The requests that a signer can sign, in order of creation. */
  waiting(signer: SignerRef): WaitingRequest[];
  /** @throws CitizenError if the request does not exist or has not reached the citizen */
  statusOf(signatureRequestId: string): CitizenStatus;
  /**
   * Signs a request. The citizen side shows WAIT_FOR_QTSP at once and the outcome after about a minute; the API shows the
   * outcome a queue hop later, unless the issuer's copy has reached a final status meanwhile.
   * @throws CitizenError if the request cannot be signed now
   */
  sign(signatureRequestId: string, options?: SignOptions): void;
  /**
   * Completes a signature in progress now, also a pending one.
   * @throws CitizenError unless the citizen side is in WAIT_FOR_QTSP
   */
  complete(signatureRequestId: string, outcome: Outcome): void;
}

/** The citizen of one sandbox, who acts on its records. */
export class SandboxCitizen implements Citizen {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  waiting(signer: SignerRef): WaitingRequest[] {
    const { ids, store } = this.#world;
    const signerId = 'signerId' in signer ? signer.signerId : ids.signer(signer.fiscalCode);
    return [...store.requests.values()].flatMap((request) => {
      const status = citizenCopyOf(this.#world, request.id)?.status;
      if (request.signerId !== signerId || !isSignable(status)) return [];
      return [waitingRequest(this.#world, request, status)];
    });
  }

  statusOf(id: string): CitizenStatus {
    return this.#find(id).copy.status;
  }

  sign(id: string, { clauses = 'all', outcome }: SignOptions = {}): void {
    const { request, copy } = this.#find(id);
    checkSignable(this.#world, request, copy);
    const agreed = agreedClauses(request, clauses);
    beginSignature(this.#world, request, copy, agreed, outcome ?? scenarioOf(this.#world, request).outcome);
  }

  complete(id: string, outcome: Outcome): void {
    const { copy } = this.#find(id);
    if (copy.status !== 'WAIT_FOR_QTSP') {
      throw new CitizenError(
        'WRONG_STATUS',
        `The citizen's side of signature request ${id} is ${copy.status}: sign it first, for example with the outcome 'pending'.`,
      );
    }
    // A new attempt, so that an earlier scheduled outcome does not apply to it.
    const attempt = copy.attempt + 1;
    this.#world.store.citizenCopies.set(id, { ...copy, attempt });
    this.#world.clock.schedule(0, { kind: 'finish-signature', requestId: id, attempt, outcome });
  }

  /** @throws CitizenError if the request does not exist or has not reached the citizen */
  #find(id: string): { request: SignatureRequest; copy: CitizenCopy } {
    const request = this.#world.store.requests.get(id);
    if (request === undefined) {
      throw new CitizenError('UNKNOWN_REQUEST', `There is no signature request ${id} in this sandbox.`);
    }
    const copy = citizenCopyOf(this.#world, id);
    if (copy === undefined) {
      throw new CitizenError(
        'NOT_REACHED',
        `Signature request ${id} is ${request.status} and has not reached the citizen: mark it READY, then wait or advance the clock until it is WAIT_FOR_SIGNATURE.`,
      );
    }
    return { request, copy };
  }
}

/** @throws CitizenError if the request cannot be signed now */
function checkSignable(world: World, request: SignatureRequest, copy: CitizenCopy): void {
  if (!isSignable(copy.status)) {
    throw new CitizenError(
      'WRONG_STATUS',
      `The citizen's side of signature request ${request.id} is ${copy.status}: only WAIT_FOR_SIGNATURE and REJECTED can be signed.`,
    );
  }
  if (isExpired(world, request)) {
    throw new CitizenError(
      'EXPIRED',
      `Signature request ${request.id} expired at ${new Date(request.expiresAt).toISOString()}. Create one with a later expires_at.`,
    );
  }
  if (!hasAllFiles(world, request)) {
    throw new CitizenError(
      'FILES_DELETED',
      `The files of signature request ${request.id} were deleted 90 days after their upload. Create a new request.`,
    );
  }
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

/** @throws CitizenError for a title that is not an optional clause of the request */
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
