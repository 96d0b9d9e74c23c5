import { ownFiscalCode } from '../../auth/caller.ts';
import type { GatewayContext } from '../context.ts';
import type { Signer, SignatureRequest } from '../../upstream/decode.ts';
import { InvalidInputError, NotFoundError, SignerUnavailableError } from '../errors/domain-errors.ts';
import { UpstreamFault } from '../errors/faults.ts';
import { translated } from '../errors/translate-upstream-error.ts';

/*
 * What a citizen may see and touch: requests whose signer they are, and themselves as a signer. Everybody else sees all
 * of their tenant. Every read and every mutation of one request comes through here.
 *
 * What is not theirs must look like what does not exist, also to somebody who watches the calls made and the time they
 * take. So who they are is asked of the service before the request is, whether or not there is such a request.
 */

/**
 * The request that `read` finds, if the caller may see it.
 * @throws {NotFoundError} alike when there is none and when it is somebody else's.
 */
export async function visible(
  context: GatewayContext,
  read: () => Promise<SignatureRequest>,
): Promise<SignatureRequest> {
  const own = await ownSigner(context);
  const request = await translated(read());
  if (own !== undefined && !isSame(own.id, request.signerId)) throw new NotFoundError('SIGNATURE_REQUEST');
  return request;
}

/** A citizen makes requests for themselves. @throws {InvalidInputError} for any other signer, known or not. */
export async function checkSignerIsOwn(context: GatewayContext, signerId: string): Promise<void> {
  const own = await ownSigner(context);
  if (own !== undefined && !isSame(own.id, signerId))
    throw new InvalidInputError([{ path: ['signerId'], message: 'The signer must be yourself.' }]);
}

/** Ids of signers are UUIDs, in which case has no meaning; the service keeps each request's as it was sent. */
function isSame(signerId: string, other: string): boolean {
  return signerId.toLowerCase() === other.toLowerCase();
}

/** A citizen looks up themselves. @throws {InvalidInputError} for any other code, before anything is asked. */
export function checkFiscalCodeIsOwn({ caller }: GatewayContext, fiscalCode: string): void {
  const own = ownFiscalCode(caller);
  if (own !== undefined && own !== fiscalCode)
    throw new InvalidInputError([{ path: ['fiscalCode'], message: 'The fiscal code must be your own.' }]);
}

/** Who the caller is to the service. Undefined for callers who see everything. */
async function ownSigner({ caller, loaders }: GatewayContext): Promise<Signer | undefined> {
  const fiscalCode = ownFiscalCode(caller);
  if (fiscalCode === undefined) return undefined;
  try {
    return await translated(loaders.signerByFiscalCode.load(fiscalCode));
  } catch (error) {
    // Not an outcome of the field that was asked for: nothing can be told apart as theirs.
    const isAboutCaller = error instanceof SignerUnavailableError || error instanceof InvalidInputError;
    throw isAboutCaller ? new UpstreamFault('CALLER_UNAVAILABLE', { cause: error }) : error;
  }
}
