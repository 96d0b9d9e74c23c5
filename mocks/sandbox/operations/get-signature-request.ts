import { success } from '../http/problems.ts';
import { requestDetailView } from '../model/views.ts';
import { requestOrRefuse } from './lookup.ts';
import type { Operation } from './operation.ts';

export const getSignatureRequest: Operation = (call, world) =>
  success(
    200,
    requestDetailView(world, requestOrRefuse(call, world, 'Signature request not found'), call.origin),
  );
