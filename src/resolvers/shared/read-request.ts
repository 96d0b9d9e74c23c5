import { setTimeout as pause } from 'node:timers/promises';
import { ownFiscalCode } from '../../auth/caller.ts';
import type { SignatureRequest, Signer } from '../../upstream/decode.ts';
import { UpstreamError } from '../../upstream/failure.ts';
import type { UpstreamErrorKind } from '../../upstream/failure.ts';
import { getSignatureRequest } from '../../upstream/operations/get-signature-request.ts';
import { Deadline } from '../../upstream/pipeline/deadline.ts';
import type { GatewayContext } from '../context.ts';
import {
  WrongStatusError,
  InvalidInputError,
  NotFoundError,
  SignerUnavailableError,
} from '../errors/domain-errors.ts';
import { UpstreamFault } from '../errors/faults.ts';
import { translateUpstreamError, translated } from '../errors/translate-upstream-error.ts';

/** Reads the current signature request, without a cache. @throws {NotFoundError} */
export function readRequest(context: GatewayContext, id: string): Promise<SignatureRequest> {
  const { upstream, watcher, signal } = context;
  return authorizeAccess(context, () =>
    watcher.record(id, () => getSignatureRequest(upstream, id, { signal })),
  );
}

/** Discards earlier reads of a request after a call that may have changed it, whether or not it was answered. */
export function invalidate({ loaders, watcher }: GatewayContext, id: string): void {
  loaders.signatureRequestById.clear(id);
  watcher.invalidate(id);
}

/** The deadline of all reads together. It is independent of the deadline of the operation, which may have passed. */
const READ_BACK_MS = 5_000;
/** The pause before each read. The service may still be processing a call whose connection broke. */
const PAUSES_MS = [0, 250, 500, 1_000, 2_000];

/** The number of reads after each failure that leaves the outcome unknown. After a 5xx the service has ended the call, so one read suffices. */
const READS: Partial<Readonly<Record<UpstreamErrorKind, number>>> = {
  timeout: PAUSES_MS.length,
  'connection-lost': PAUSES_MS.length,
  'server-error': 1,
};

/**
 * Resolves the outcome of an unanswered call that changes a signature request, by reading the request.
 * @returns the request once it shows the change. Undefined if it does not, or if the failure proves that the call had no
 * effect.
 */
export async function readBack(
  { upstream, watcher }: Pick<GatewayContext, 'upstream' | 'watcher'>,
  id: string,
  failure: unknown,
  isChanged: (request: SignatureRequest) => boolean,
): Promise<SignatureRequest | undefined> {
  if (!(failure instanceof UpstreamError)) return undefined;
  using deadline = new Deadline(READ_BACK_MS);
  const { signal } = deadline;
  for (const pauseMs of PAUSES_MS.slice(0, READS[failure.kind] ?? 0)) {
    await pause(pauseMs);
    try {
      const request = await watcher.record(id, () => getSignatureRequest(upstream, id, { signal }));
      if (isChanged(request)) return request;
    } catch (unread) {
      if (!(unread instanceof UpstreamError)) throw unread;
      if (signal.aborted) return undefined;
    }
  }
  return undefined;
}

/**
 * The error for a call that the service refused. A 400 or 422 may mean a wrong status, which the service states in prose
 * only, so this reads the current status of the signature request.
 */
export async function statusRefusal(
  context: GatewayContext,
  id: string,
  allowed: readonly string[],
  failure: unknown,
): Promise<unknown> {
  const translation = translateUpstreamError(failure);
  const isRefusal =
    failure instanceof UpstreamError && (failure.kind === 'bad-request' || failure.kind === 'unprocessable');
  if (!isRefusal) return translation;
  const { status } = await readRequest(context, id);
  return allowed.includes(status) ? translation : new WrongStatusError(status, allowed);
}

/*
 * A citizen may access the signature requests of which they are the signer. Other roles may access all requests of their
 * tenant. Every read and every mutation of a signature request is authorized here.
 *
 * A request of another citizen must look like one that does not exist, in the error as well as in the number and the
 * timing of upstream calls. So the signer of the caller is resolved before the request is read.
 */

/**
 * Returns the request from `read` if the caller may access it.
 * @throws {NotFoundError} if it does not exist or belongs to another citizen.
 */
export async function authorizeAccess(
  context: GatewayContext,
  read: () => Promise<SignatureRequest>,
): Promise<SignatureRequest> {
  const signer = ownSigner(context);
  const own = signer && (await signer);
  const request = await translated(read());
  checkOwner(request, own);
  return request;
}

/** As `authorizeAccess`, for a read that returns more than the request. */
export async function authorizeRead<T extends { readonly request: SignatureRequest }>(
  context: GatewayContext,
  read: () => Promise<T>,
): Promise<T> {
  const own = await ownSigner(context);
  const found = await translated(read());
  checkOwner(found.request, own);
  return found;
}

/** @param own the signer of a citizen; undefined for other roles */
function checkOwner({ signerId }: SignatureRequest, own: Signer | undefined): void {
  if (own !== undefined && !isSame(own.id, signerId)) throw new NotFoundError('SIGNATURE_REQUEST');
}

/** A citizen creates requests for themselves only. @throws {InvalidInputError} for any other signer id, known or not. */
export async function checkSignerIsOwn(context: GatewayContext, signerId: string): Promise<void> {
  const own = await ownSigner(context);
  if (own !== undefined && !isSame(own.id, signerId))
    throw new InvalidInputError([{ path: ['signerId'], message: 'The signer must be the caller.' }]);
}

/** Signer ids are UUIDs, which are case-insensitive. The service stores them in the case in which it received them. */
function isSame(signerId: string, other: string): boolean {
  return signerId.toLowerCase() === other.toLowerCase();
}

/** A citizen resolves their own fiscal code only. @throws {InvalidInputError} for any other, before an upstream call. */
export function checkFiscalCodeIsOwn({ caller }: GatewayContext, fiscalCode: string): void {
  const own = ownFiscalCode(caller);
  if (own !== undefined && own !== fiscalCode)
    throw new InvalidInputError([
      { path: ['fiscalCode'], message: 'The fiscal code must be that of the caller.' },
    ]);
}

/** The signer of a citizen. Undefined for other roles. */
function ownSigner({ caller, loaders }: GatewayContext): Promise<Signer> | undefined {
  const fiscalCode = ownFiscalCode(caller);
  return fiscalCode === undefined ? undefined : readSigner(loaders, fiscalCode);
}

async function readSigner(loaders: GatewayContext['loaders'], fiscalCode: string): Promise<Signer> {
  try {
    return await translated(loaders.signerByFiscalCode.load(fiscalCode));
  } catch (error) {
    // Without a signer no record can be authorized, so this is a fault and not an error of the field.
    const isAboutCaller = error instanceof SignerUnavailableError || error instanceof InvalidInputError;
    throw isAboutCaller ? new UpstreamFault('CALLER_UNAVAILABLE', { cause: error }) : error;
  }
}
