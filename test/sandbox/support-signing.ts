import { PDFArray, PDFDocument, PDFRawStream, decodePDFRawStream } from 'pdf-lib';
import { makePdf } from '../support/pdf.ts';
import { START, issuerOf, sandboxForTest } from './support-issuer.ts';

/** Longer than every automatic step of the service before a signature. */
export const A_MINUTE_MS = 60_000;

export interface SentOptions {
  /** Title of the dossier. */
  readonly title?: string;
  readonly documents?: readonly unknown[];
  readonly fiscalCode?: string;
  readonly expiresAt?: Date;
  readonly file?: Uint8Array<ArrayBuffer>;
}

/** A sandbox with a frozen clock and its only request, in READY. */
export async function readyRequest({ title, documents, fiscalCode, expiresAt, file }: SentOptions = {}) {
  const sandbox = await sandboxForTest({ frozenAt: START, seed: 1, rateLimit: false });
  const issuer = issuerOf(sandbox);
  const request = await issuer.createRequest(documents, {
    ...(title !== undefined && { title }),
    ...(fiscalCode !== undefined && { signerId: await issuer.findSigner(fiscalCode) }),
    ...(expiresAt !== undefined && { expiresAt }),
  });
  const pdf = file ?? (await makePdf());
  for (const document of request.documents) await issuer.upload(request, pdf, document.id);
  await sandbox.clock.advance(A_MINUTE_MS);
  await issuer.setStatus(request.id, 'READY');
  return { sandbox, issuer, clock: sandbox.clock, citizen: sandbox.citizen, id: request.id };
}

/** The same in WAIT_FOR_SIGNATURE. */
export async function waitingRequest(options: SentOptions = {}) {
  const world = await readyRequest(options);
  await world.clock.advance(5_000);
  return world;
}

/** The same in SIGNED, all clauses agreed to. */
export async function signedRequest(options: SentOptions = {}) {
  const world = await waitingRequest(options);
  world.citizen.sign(world.id);
  await world.clock.advance(65_000);
  return world;
}

/** The drawings on a page: lines of text, and frames by their lower left corner and size, in points. */
export interface Drawing {
  readonly texts: readonly string[];
  readonly frames: readonly (readonly [x: number, y: number, width: number, height: number])[];
}

/** Reads what pdf-lib drew, page by page. */
export async function drawingsOf(file: Uint8Array): Promise<Drawing[]> {
  const pdf = await PDFDocument.load(file, { updateMetadata: false });
  return pdf.getPages().map(({ node }) => {
    const contents = node.Contents();
    const streams =
      contents instanceof PDFArray ? contents.asArray().map((ref) => pdf.context.lookup(ref)) : [];
    const code = streams
      .map((stream) => (stream instanceof PDFRawStream ? decodePDFRawStream(stream).decode() : []))
      .map((bytes) => Buffer.from(bytes).toString('latin1'))
      .join('\n');
    const frame =
      /1 0 0 1 (-?[\d.]+) (-?[\d.]+) cm\n1 0 0 1 0 0 cm\n1 0 0 1 0 0 cm\n0 0 m\n0 (-?[\d.]+) l\n(-?[\d.]+) /g;
    return {
      texts: [...code.matchAll(/<([\dA-F]+)> Tj/g)].map(([, hex = '']) =>
        Buffer.from(hex, 'hex').toString('latin1'),
      ),
      frames: [...code.matchAll(frame)].map(
        ([, x, y, height, width]) => [Number(x), Number(y), Number(width), Number(height)] as const,
      ),
    };
  });
}
