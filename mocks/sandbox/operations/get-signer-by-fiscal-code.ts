import { decodeOrRefuse, getSignerBody } from '../decoding/bodies.ts';
import { success } from '../problems.ts';
import type { Operation } from './operation.ts';

/** The published document says 201, the service answers 200. */
export const getSignerByFiscalCode: Operation = (call, world) => {
  const { fiscal_code } = decodeOrRefuse(getSignerBody, call.json);
  return success(200, { id: world.ids.signer(fiscal_code) });
};
