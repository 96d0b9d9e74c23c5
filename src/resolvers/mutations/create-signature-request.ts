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
import { once } from '../shared/run-once.ts';
import { readRequest } from '../shared/read-request.ts';
import { requestMadeBefore } from '../shared/request-made-before.ts';
import { translated } from '../errors/translate-upstream-error.ts';
import { checkSignerIsOwn } from '../shared/authorize-access.ts';

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
 * `goesOn`: the key stands for what follows too, as that of a `requestSignature` does.
 * @throws {InvalidInputError} @throws {NotFoundError} for the dossier, or when the request that was made with this key is
 * gone. @throws {IdempotencyConflictError} @throws {OutcomeUnknownError}
 */
export async function createSignatureRequest(
  context: GatewayContext,
  input: CreateSignatureRequestInput,
  { goesOn = false } = {},
): Promise<SignatureRequest> {
  checkInput(rules, input);
  await checkSignerIsOwn(context, input.signerId);
  const { idempotencyKey } = input;
  if (idempotencyKey == null) return makeWithoutKey(context, input);
  return once(context, {
    operation: 'createSignatureRequest',
    idempotencyKey,
    input: bodyOf(input),
    async run(attempt) {
      const value = await makeOnce(context, attempt, { ...input, goesOn });
      return { value, result: { signatureRequestId: value.id } };
    },
    replay: (result) => readRequest(context, kept.parse(result).signatureRequestId),
  });
}

async function makeWithoutKey(
  { upstream, signal, idempotency }: GatewayContext,
  input: CreateSignatureRequestInput,
): Promise<SignatureRequest> {
  for (;;) {
    const made = await translated(create(upstream, bodyOf(input), { signal }));
    if (await idempotency.noteMade(made.id)) return made;
    // Else a key that was looking for such a request has just taken it, and that is one request for two.
  }
}

/**
 * Makes the request under a key that is held, unless an earlier attempt has made it.
 * @throws {OutcomeUnknownError} and all that the service may refuse.
 */
async function makeOnce(
  context: GatewayContext,
  attempt: Attempt,
  input: CreateSignatureRequestInput & { readonly goesOn?: boolean },
): Promise<SignatureRequest> {
  const { upstream } = context;
  const body = bodyOf(input);
  const found = await translated(requestMadeBefore(context, attempt, input));
  if (found !== undefined) return found;
  for (;;) {
    const made = await translated(attempt.sending((options) => create(upstream, body, options)));
    if (await attempt.made(made.id)) return made;
    // As above.
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
