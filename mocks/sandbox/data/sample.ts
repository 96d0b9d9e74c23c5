import { rejectReasonOf, verdictOn } from '../pdf/pdf.ts';
import { readPdf } from '../pdf/read-pdf.ts';
import { signedPdf } from '../pdf/signed-pdf.ts';
import { samplePdf } from './sample-pdf.ts';
import { SeedError } from './seed-input.ts';
import type { NewDocument } from './seed-plan.ts';

/** The files of a seeded document. Identical documents share them. */
export interface Sample {
  readonly validated: Buffer;
  /** Undefined unless its request is SIGNED. */
  readonly signed: Buffer | undefined;
}

/**
 * Creates the files of a READY document.
 * @param signedAt milliseconds since the epoch; undefined unless its request is SIGNED
 * @throws SeedError if no sample file fits the signature fields
 */
export async function createSample(
  { metadata, path }: NewDocument,
  signedAt: number | undefined,
): Promise<Sample> {
  const fields = metadata.signature_fields;
  const validated = await samplePdf(metadata);
  const problem = rejectReasonOf(verdictOn(validated, await readPdf(validated), fields));
  if (problem !== undefined) {
    const message = `it cannot be READY, as no sample file fits its signature fields: ${problem}`;
    throw new SeedError([`${path}.status: ${message}`]);
  }
  const signed = signedAt === undefined ? undefined : await signedPdf(validated, fields, signedAt);
  return { validated, signed };
}
