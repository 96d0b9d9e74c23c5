import { z } from 'zod';

/*
 * The schemas of the answers in zod, as an independent statement of what the decoders accept and return. `decode.test.ts`
 * compares the two.
 */
/** An optional property. `null` means the same as a missing one. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value): z.output<Schema> | undefined => value ?? undefined);

/** A list. A missing list and `null` mean an empty one. */
const listOf = <Schema extends z.ZodType>(item: Schema) =>
  z
    .array(item)
    .nullish()
    .transform((items): z.output<Schema>[] => items ?? []);

const timestamp = z.string().transform((text, context) => {
  const date = new Date(text);
  const year = date.getUTCFullYear();
  if (year >= 0 && year < 10_000) return date.toISOString();
  context.addIssue('not a timestamp');
  return z.NEVER;
});

const signatureField = z
  .object({
    clause: z.object({ title: z.string(), type: z.string() }),
    attrs: z.union([
      z.object({ unique_name: z.string() }).transform(({ unique_name }) => ({ uniqueName: unique_name })),
      z
        .object({
          coordinates: z.object({ x: z.number(), y: z.number() }),
          page: z.number(),
          size: z.object({ w: z.number(), h: z.number() }),
        })
        .transform(({ coordinates: { x, y }, page, size: { w, h } }) => ({
          page,
          x,
          y,
          width: w,
          height: h,
        })),
    ]),
  })
  .transform(({ clause, attrs }) => ({ clause, position: attrs }));

const documentMetadata = z
  .object({ title: z.string(), signature_fields: listOf(signatureField) })
  .transform(({ title, signature_fields }) => ({ title, fields: signature_fields }));

const dossier = z
  .object({
    id: z.string(),
    title: z.string(),
    support_email: optional(z.string()),
    documents_metadata: z.array(documentMetadata),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .transform((wire) => ({
    id: wire.id,
    title: wire.title,
    supportEmail: wire.support_email,
    documents: wire.documents_metadata,
    createdAt: wire.created_at,
    updatedAt: wire.updated_at,
  }));

const document = z
  .object({
    id: z.string(),
    status: z.string(),
    metadata: documentMetadata,
    created_at: timestamp,
    updated_at: timestamp,
    uploaded_at: optional(timestamp),
    rejected_at: optional(timestamp),
    reject_reason: optional(z.string()),
    url: optional(z.string()),
  })
  .transform((wire) => ({
    id: wire.id,
    status: wire.status,
    title: wire.metadata.title,
    fields: wire.metadata.fields,
    createdAt: wire.created_at,
    updatedAt: wire.updated_at,
    uploadedAt: wire.uploaded_at,
    rejectedAt: wire.rejected_at,
    rejectReason: wire.reject_reason,
    url: wire.url,
  }));

const listedRequest = {
  id: z.string(),
  dossier_id: z.string(),
  signer_id: z.string(),
  status: z.string(),
  created_at: timestamp,
  updated_at: timestamp,
  expires_at: timestamp,
};

const signatureRequestSummary = z.object(listedRequest).transform(summaryOf);

const signatureRequest = z
  .object({
    ...listedRequest,
    documents: z.array(document),
    notification: optional(z.object({ io_message_id: z.string() })),
    qr_code_url: optional(z.string()),
    signed_at: optional(timestamp),
    rejected_at: optional(timestamp),
    cancelled_at: optional(timestamp),
    reject_reason: optional(z.string()),
  })
  .transform((wire) => ({
    ...summaryOf(wire),
    documents: wire.documents,
    notification: wire.notification && { ioMessageId: wire.notification.io_message_id },
    qrCodeUrl: wire.qr_code_url,
    signedAt: wire.signed_at,
    rejectedAt: wire.rejected_at,
    cancelledAt: wire.cancelled_at,
    rejectReason: wire.reject_reason,
  }));

interface ListedRequest {
  id: string;
  dossier_id: string;
  signer_id: string;
  status: string;
  created_at: string;
  updated_at: string;
  expires_at: string;
}

function summaryOf(wire: ListedRequest) {
  return {
    id: wire.id,
    dossierId: wire.dossier_id,
    signerId: wire.signer_id,
    status: wire.status,
    createdAt: wire.created_at,
    updatedAt: wire.updated_at,
    expiresAt: wire.expires_at,
  };
}

const signer = z.object({ id: z.string() });
const notification = z
  .object({ io_message_id: z.string() })
  .transform(({ io_message_id }) => ({ ioMessageId: io_message_id }));
const documentValidation = z
  .object({ is_valid: z.boolean(), violations: listOf(z.string()) })
  .transform(({ is_valid, violations }) => ({ isValid: is_valid, violations }));

export const SCHEMAS = {
  dossier,
  signatureRequest,
  signatureRequestSummary,
  signer,
  notification,
  documentValidation,
};
