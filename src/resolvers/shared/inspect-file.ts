import type { GatewayContext } from '../context.ts';
import type { Contents, Inspection, TextQuery } from '../../inspection/inspection.ts';
import { UninspectableError } from '../../inspection/inspector.ts';
import type { FileUpload } from '../../uploads/file-upload.ts';
import { readPdf } from '../../uploads/read-upload.ts';
import { HeldFiles } from '../../uploads/held-files.ts';
import type { HeldFile } from '../../uploads/held-files.ts';
import { UpstreamError } from '../../upstream/failure.ts';
import { kindOfAbort } from '../../upstream/pipeline/deadline.ts';
import { UnreadablePdfError } from '../errors/domain-errors.ts';
import { translatedUpload, translateUpstreamError } from '../errors/translate-upstream-error.ts';

/** Memory for files of this request that are to be inspected. Dispose of it. */
export function filesInMemory(
  { blocks: pool, inspector, signal }: GatewayContext,
  { extraBlocks = 0 } = {},
): HeldFiles {
  return new HeldFiles({ pool, maxBytes: inspector.limits.maxBytes, extraBlocks, signal });
}

/** Reads an upload into memory. @throws the errors of files. */
export function holdFile(
  { limits, signal }: GatewayContext,
  files: HeldFiles,
  upload: FileUpload,
): Promise<HeldFile> {
  const pdf = readPdf(upload, { maxBytes: limits.maxUploadBytes, signal });
  return translatedUpload(files.hold(pdf, upload.atMostBytes));
}

/** Inspects a file in memory. @throws {UnreadablePdfError} if it exceeds the limits of an inspection. */
export async function inspectFile(
  { inspector, signal }: GatewayContext,
  { pieces }: HeldFile,
  texts: readonly TextQuery[],
): Promise<Inspection> {
  try {
    return await inspector.inspect(pieces, texts, { signal });
  } catch (cause) {
    if (cause instanceof UninspectableError) throw new UnreadablePdfError('TOO_COMPLEX', { cause });
    if (!signal.aborted) throw cause;
    const kind = kindOfAbort(signal.reason);
    throw translateUpstreamError(new UpstreamError({ operation: 'inspectDocument', kind, cause }));
  }
}

/** The contents of a file in memory. @throws {UnreadablePdfError} also if the file cannot be opened, as the service could not. */
export async function contentsOf(
  context: GatewayContext,
  file: HeldFile,
  texts: readonly TextQuery[],
): Promise<Contents> {
  const inspection = await inspectFile(context, file, texts);
  if (inspection.kind !== 'read') throw new UnreadablePdfError();
  return inspection;
}
