import { z } from 'zod';

/**
 * The progress of a `requestSignature`, as stored with its key: ids of the service, sizes and digests. The status of the
 * request and the notification are not part of it, because the service returns them.
 */
export const progressRules = z.object({
  signerId: z.string().optional(),
  dossierId: z.string().optional(),
  signatureRequestId: z.string().optional(),
  /** In the order of the input; null for a file that has not been stored. */
  files: z.array(z.object({ documentId: z.string(), sizeBytes: z.number(), sha256: z.string() }).nullable()),
});

export type Progress = z.infer<typeof progressRules>;

export const noProgress = (): Progress => ({ files: [] });
