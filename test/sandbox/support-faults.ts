import type { Fault } from '../../mocks/sandbox/faults/fault.ts';
import { makePdf } from '../support/pdf.ts';
import { START, issuerOf, putBlob, sandboxForTest } from './support-issuer.ts';

export const KEY = { 'ocp-apim-subscription-key': 'key' };

/** A sandbox with frozen time and a fixed seed. */
export const repeatable = () => sandboxForTest({ frozenAt: START, seed: 1 });

/** Reads an existing dossier with one fault. */
export async function readWith(fault: Fault) {
  const sandbox = await repeatable();
  const id = await issuerOf(sandbox).createDossier();
  const faultId = sandbox.faults.add(fault);
  const read = () => fetch(`${sandbox.url}/dossiers/${id}`, { headers: KEY });
  return { sandbox, id, faultId, read };
}

/** A request with an upload URL, and one fault. */
export async function uploadWith(fault: Fault) {
  const sandbox = await repeatable();
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest();
  const url = await issuer.uploadUrl(request.id, request.documents[0]?.id ?? '');
  sandbox.faults.add(fault);
  return { sandbox, issuer, request, url, put: async () => putBlob(url, await makePdf()) };
}
