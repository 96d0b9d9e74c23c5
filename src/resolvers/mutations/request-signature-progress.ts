import { z } from 'zod';

/**
 * How far a `requestSignature` came, as it is kept under its key: ids of the service, sizes and hashes. What the service
 * itself can tell (that the request is READY, that the citizen was notified) is asked of it.
 */
export const progressRules = z.object({
  signerId: z.string().optional(),
  dossierId: z.string().optional(),
  signatureRequestId: z.string().optional(),
  /** By place in the input; null for a file that has not been stored. */
  files: z.array(z.object({ documentId: z.string(), sizeBytes: z.number(), sha256: z.string() }).nullable()),
});

export type Progress = z.infer<typeof progressRules>;

export const nothingDone = (): Progress => ({ files: [] });
