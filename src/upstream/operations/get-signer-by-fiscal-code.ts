import type { ApiBody, CallOptions, UpstreamClient } from '../call.ts';
import { decodeSigner } from '../decode.ts';
import type { Signer } from '../decode.ts';

/**
 * `getSignerByFiscalCode`. A POST that only reads: the same code always returns the same signer.
 * The service answers 200, although the published document says 201.
 * @throws {UpstreamError} `not-found` for a citizen who has never logged in to IO, `bad-request` for one who does not
 *   accept this service, `forbidden` when a test key does not list the citizen as a tester.
 */
export function getSignerByFiscalCode(
  client: UpstreamClient,
  fiscalCode: string,
  options?: CallOptions,
): Promise<Signer> {
  const body: ApiBody<'getSignerByFiscalCode'> = { fiscal_code: fiscalCode };
  const call = {
    operation: 'getSignerByFiscalCode',
    method: 'POST',
    effect: 'read',
    path: '/signers',
    body,
    expect: [200, 201],
  } as const;
  return client.call({ ...call, decode: decodeSigner }, options);
}

/**
 * 6 letters, 2 digits, a month letter, 2 digits, a letter, 3 digits and a letter, in upper case. One of L M N P Q R S T U V
 * may replace each digit (omocodia). The check character is not verified, because the service does not verify it.
 */
export const FISCAL_CODE = /^[A-Z]{6}[\dLMNP-V]{2}[ABCDEHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]$/;
