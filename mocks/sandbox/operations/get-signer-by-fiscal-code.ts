import { getSignerBody } from '../decoding/bodies.ts';
import { decodeOrRefuse } from '../decoding/types.ts';
import { success } from '../http/problems.ts';
import { refusalOfSigner, tokenizerLimit } from '../model/scenarios.ts';
import type { Operation } from './operation.ts';

export const getSignerByFiscalCode: Operation = (call, world) => {
  const { fiscal_code } = decodeOrRefuse(getSignerBody, call.json);
  const refusal = refusalOfSigner(fiscal_code);
  if (refusal !== undefined) throw refusal;
  if (world.faults.occurs('tokenizer-limit')) throw tokenizerLimit();
  const id = world.ids.signer(fiscal_code);
  world.store.fiscalCodes.set(id, fiscal_code);
  return success(200, { id });
};
