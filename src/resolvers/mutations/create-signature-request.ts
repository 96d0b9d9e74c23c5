import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { Attempt } from '../../idempotency/attempt.ts';
import type { SignatureRequest } from '../../upstream/decode.ts';
import { createSignatureRequest as create } from '../../upstream/operations/create-signature-request.ts';
import { wireDocumentsOf } from '../shared/document-input.ts';
import type { DocumentInput } from '../shared/document-input.ts';
import {
  checkInput,
  documentsRules,
  expiresAtRules,
  idempotencyKeyRules,
  idRules,
  signerIdRules,
} from '../shared/input-rules.ts';
import { runOnce } from '../shared/run-once.ts';
import { readRequest, checkSignerIsOwn } from '../shared/read-request.ts';
import { findEarlierRequest } from '../shared/find-earlier-request.ts';
import { translated } from '../errors/translate-upstream-error.ts';

export interface CreateSignatureRequestInput {
  dossierId: string;
  signerId: string;
  expiresAt?: Date | null | undefined;
  documents?: readonly DocumentInput[] | null | undefined;
  idempotencyKey?: string | null | undefined;
}

const rules = z.object({
  dossierId: idRules('dossier'),
  signerId: signerIdRules,
  expiresAt: expiresAtRules.nullish(),
  documents: documentsRules.nullish(),
  idempotencyKey: idempotencyKeyRules.nullish(),
});
const kept = z.object({ signatureRequestId: z.string() });

/**
 * Creates a signature request. `goesOn`: the key also covers the later steps, as in `requestSignature`.
 * @throws {InvalidInputError} @throws {NotFoundError} for the dossier, or for the request of the first call with this key,
 * if it no longer exists. @throws {IdempotencyConflictError} @throws {OutcomeUnknownError}
 */
export async function createSignatureRequest(
  context: GatewayContext,
  input: CreateSignatureRequestInput,
  { goesOn = false } = {},
): Promise<SignatureRequest> {
  checkInput(rules, input);
  await checkSignerIsOwn(context, input.signerId);
  const { idempotencyKey } = input;
  if (idempotencyKey == null) return createWithoutKey(context, input);
  return runOnce(context, {
    operation: 'createSignatureRequest',
    idempotencyKey,
    input: bodyOf(input),
    async run(attempt) {
      const value = await createWithKey(context, attempt, { ...input, goesOn });
      return { value, result: { signatureRequestId: value.id } };
    },
    replay: (result) => readRequest(context, kept.parse(result).signatureRequestId),
  });
}

async function createWithoutKey(
  { upstream, signal, idempotency }: GatewayContext,
  input: CreateSignatureRequestInput,
): Promise<SignatureRequest> {
  for (;;) {
    const made = await translated(create(upstream, bodyOf(input), { signal }));
    if (await idempotency.noteMade(made.id)) return made;
    // A retry with a key has claimed this request as its own, so create another.
  }
}

/** Creates the request under a key that this call holds, unless an earlier attempt has created it. */
async function createWithKey(
  context: GatewayContext,
  attempt: Attempt,
  input: CreateSignatureRequestInput & { readonly goesOn?: boolean },
): Promise<SignatureRequest> {
  const { upstream } = context;
  const body = bodyOf(input);
  const found = await translated(findEarlierRequest(context, attempt, input));
  if (found !== undefined) return found;
  for (;;) {
    const made = await translated(attempt.sending((options) => create(upstream, body, options)));
    if (await attempt.made(made.id)) return made;
    // As in `createWithoutKey`.
  }
}

function bodyOf({ dossierId, signerId, expiresAt, documents }: CreateSignatureRequestInput) {
  return {
    dossier_id: dossierId,
    signer_id: signerId,
    ...(expiresAt == null ? {} : { expires_at: expiresAt.toISOString() }),
    ...(documents == null ? {} : { documents_metadata: wireDocumentsOf(documents) }),
  };
}
