import { ownFiscalCode } from '../../auth/caller.ts';
import type { GatewayContext } from '../context.ts';
import type { Signer, SignatureRequest } from '../../upstream/decode.ts';
import { InvalidInputError, NotFoundError, SignerUnavailableError } from '../errors/domain-errors.ts';
import { UpstreamFault } from '../errors/faults.ts';
import { translated } from '../errors/translate-upstream-error.ts';

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
