import { z } from 'zod';
import type { components } from './openapi.d.ts';
import { UpstreamError } from './failure/upstream-error.ts';
import { checkedPageUrl, checkedStorageUrl, checkStorageUrl } from './url-rules.ts';
import type { CheckedUrl, UrlRules } from './url-rules.ts';

/*
 * The decoders check the answers of the service and convert them to models: names in camelCase, dates as `Date`. They drop
 * unknown properties and pass on unknown statuses, so that an addition to the service breaks nothing.
 * `Model<Wire, Decoder>` makes the compiler refuse a decoder that does not accept all that the contract allows.
 */
type Wire = components['schemas'];
type Model<Contract extends z.input<Decoder>, Decoder extends z.ZodType> = Contract extends unknown
  ? z.output<Decoder>
  : never;

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
  if (!Number.isNaN(date.getTime())) return date;
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
  created_at: Date;
  updated_at: Date;
  expires_at: Date;
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

/** An invalid item does not invalidate its page. */
const listedItem = z.unknown().transform((item): SignatureRequestSummary | UpstreamError => {
  const { data, error } = signatureRequestSummary.safeParse(item);
  return data ?? new UpstreamError({ kind: 'contract', operation: 'getRequestsByDossier', cause: error });
});

const signatureRequestPage = z
  .object({ items: z.array(listedItem), continuation_token: optional(z.string()) })
  .transform(({ items, continuation_token }) => ({ items, continuationToken: continuation_token }));

const signer = z.object({ id: z.string() });
const uploadUrl = z.string() satisfies z.ZodType<Wire['UploadUrl']>;
const notification = z
  .object({ io_message_id: z.string() })
  .transform(({ io_message_id }) => ({ ioMessageId: io_message_id }));
const documentValidation = z
  .object({ is_valid: z.boolean(), violations: listOf(z.string()) })
  .transform(({ is_valid, violations }) => ({ isValid: is_valid, violations }));

/** A dossier: the documents to sign, for any number of signers. It never changes. */
export type Dossier = Model<Wire['DossierDetailView'], typeof dossier>;
/** Title and signature fields of a document in a dossier. */
export type DocumentMetadata = Model<Wire['DocumentMetadata'], typeof documentMetadata>;
export type SignatureField = DocumentMetadata['fields'][number];
/** A document of a signature request. `status` is the value of the service, also if the gateway does not know it. */
export interface Document extends Omit<Model<Wire['DocumentDetailView'], typeof document>, 'url'> {
  /** A pre-signed URL to download the file, once the request is SIGNED. */
  readonly url: CheckedUrl | undefined;
}
/** A signature request in a list. */
export type SignatureRequestSummary = Model<Wire['SignatureRequestListView'], typeof signatureRequestSummary>;
/** A signature request with its documents and the details of its status. */
export interface SignatureRequest extends Omit<
  Model<Wire['SignatureRequestDetailView'], typeof signatureRequest>,
  'documents' | 'qrCodeUrl'
> {
  readonly documents: readonly Document[];
  readonly qrCodeUrl: CheckedUrl | undefined;
}
/**
 * One page of the requests of a dossier. The last page has no `continuationToken`. An `UpstreamError` replaces an invalid
 * item.
 */
export type SignatureRequestPage = Model<Wire['SignatureRequestList'], typeof signatureRequestPage>;
export type Signer = Model<Wire['SignerDetailView'], typeof signer>;
export type Notification = Model<Wire['NotificationDetailView'], typeof notification>;
/** The result of a validation of a PDF, which the service does not store. */
export type DocumentValidation = Model<Wire['DocumentValidationResult'], typeof documentValidation>;

const decoder =
  <Output>(schema: z.ZodType<Output>) =>
  (body: unknown): Output =>
    schema.parse(body);

export const decodeDossier = decoder(dossier);
export const decodeSignatureRequestPage = decoder(signatureRequestPage);
export const decodeSigner = decoder(signer);
export const decodeNotification = decoder(notification);
export const decodeDocumentValidation = decoder(documentValidation);

export function decodeSignatureRequest(body: unknown, urls: UrlRules): SignatureRequest {
  const request = signatureRequest.parse(body);
  const operation = 'getSignatureRequest';
  return {
    ...request,
    qrCodeUrl: request.qrCodeUrl && checkedPageUrl(request.qrCodeUrl, urls, operation),
    documents: request.documents.map((found) => ({
      ...found,
      url: found.url && checkedStorageUrl(found.url, urls, operation),
    })),
  };
}

/** @throws {UpstreamError} for a URL that is not on a storage host. */
export function decodeUploadUrl(body: unknown, { storageHosts }: UrlRules): string {
  const url = uploadUrl.parse(body);
  checkStorageUrl(url, storageHosts, 'getDocumentUploadUrl');
  return url;
}

/** For answers without a body. */
export const decodeNothing = (): void => undefined;
