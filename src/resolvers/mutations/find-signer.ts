import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { Signer } from '../../upstream/decode.ts';
import { getSignerByFiscalCode } from '../../upstream/operations/get-signer-by-fiscal-code.ts';
import { checkInput, fiscalCodeRules } from '../shared/input-rules.ts';
import { translated } from '../errors/translate-upstream-error.ts';
import { checkFiscalCodeIsOwn } from '../shared/read-request.ts';

export interface FindSignerInput {
  fiscalCode: string;
}

const rules = z.object({ fiscalCode: fiscalCodeRules });

/** @throws {InvalidInputError} @throws {SignerUnavailableError} */
export async function findSigner(context: GatewayContext, input: FindSignerInput): Promise<Signer> {
  checkInput(rules, input);
  checkFiscalCodeIsOwn(context, input.fiscalCode);
  const { upstream, signal } = context;
  return translated(getSignerByFiscalCode(upstream, input.fiscalCode, { signal }));
}
