import { z } from 'zod';
import type { GatewayContext } from '../context.ts';
import type { Contents, FoundField, FoundText, Page } from '../../inspection/inspection.ts';
import { boxOf, placeBeside } from '../../inspection/place-field.ts';
import type { FileUpload } from '../../uploads/file-upload.ts';
import { readPdf, withUploadEvents } from '../../uploads/read-upload.ts';
import { UnreadablePdfError } from '../errors/domain-errors.ts';
import { translatedUpload } from '../errors/translate-upstream-error.ts';
import { anchorsOf, queryOf } from '../shared/anchors.ts';
import type { AnchorInput, BoxInput, SignatureFieldInput } from '../shared/document-input.ts';
import { filesInMemory, inspectFile } from '../shared/inspect-file.ts';
import { anchorsRules, checkInput, fieldsOfFileRules } from '../shared/input-rules.ts';
import { encryptionProblem, problemsOf } from '../shared/document-problems.ts';
import type { DocumentProblem } from '../shared/document-problems.ts';

export interface InspectDocumentInput {
  file: FileUpload;
  anchors?: readonly AnchorInput[] | null | undefined;
  fields?: readonly SignatureFieldInput[] | null | undefined;
}

/** A page, in the coordinates of the service. */
export interface InspectedPage {
  readonly index: number;
  readonly width: number;
  readonly height: number;
  readonly rotation: number;
}

export interface InspectedField {
  readonly name: string;
  /** Undefined if the field is on no page. */
  readonly box: BoxInput | undefined;
  readonly isSigned: boolean;
}

/** A place at which the text of an anchor was found. */
export interface AnchorMatch {
  readonly textBox: BoxInput;
  readonly fieldBox: BoxInput;
}

export interface InspectedAnchor {
  readonly text: string;
  readonly count: number;
  readonly matches: readonly AnchorMatch[];
  readonly nearest: string | undefined;
}

export interface InspectedDocument {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly isEncrypted: boolean;
  readonly isSigned: boolean;
  readonly pages: readonly InspectedPage[];
  readonly signatureFields: readonly InspectedField[];
  readonly anchors: readonly InspectedAnchor[];
  readonly problems: readonly DocumentProblem[];
}

const rules = z.object({ anchors: anchorsRules.nullish(), fields: fieldsOfFileRules.nullish() });

/**
 * Reads a PDF without a call to the service.
 * @throws {InvalidInputError} @throws {UnreadablePdfError} and the errors of files.
 */
export async function inspectDocument(
  context: GatewayContext,
  input: InspectDocumentInput,
): Promise<InspectedDocument> {
  const { events, limits, signal } = context;
  const { anchors, fields } = input;
  checkInput(rules, { anchors, fields });
  using files = filesInMemory(context);
  const pdf = readPdf(input.file, { maxBytes: limits.maxUploadBytes, signal });
  const file = await translatedUpload(
    withUploadEvents(events, pdf, (counted) => files.hold(counted, input.file.atMostBytes)),
  );
  const asked = anchors ?? [];
  const inspection = await inspectFile(context, file, [...asked, ...anchorsOf(fields)].map(queryOf));
  const { sizeBytes, sha256 } = file;
  if (inspection.kind !== 'read') {
    if (inspection.kind === 'unreadable') throw new UnreadablePdfError();
    const nothing = { pages: [], signatureFields: [], anchors: [], isSigned: false };
    return { sizeBytes, sha256, ...nothing, isEncrypted: true, problems: [encryptionProblem(inspection)] };
  }
  return { sizeBytes, sha256, isEncrypted: false, ...describe(inspection, asked, fields ?? []) };
}

function describe(
  contents: Contents,
  asked: readonly AnchorInput[],
  fields: readonly SignatureFieldInput[],
): Omit<InspectedDocument, 'sizeBytes' | 'sha256' | 'isEncrypted'> {
  const { pages, signatureFields, texts } = contents;
  return {
    isSigned: signatureFields.some(({ isSigned }) => isSigned),
    pages: pages.map(({ width, height, rotation }, index) => ({ index, width, height, rotation })),
    signatureFields: signatureFields.map((field) => fieldOf(field, pages)),
    anchors: asked.map((anchor, nth) => anchorOf(anchor, texts[nth], pages)),
    problems: problemsOf(contents, asked, fields),
  };
}

function fieldOf({ name, place, isSigned }: FoundField, pages: readonly Page[]): InspectedField {
  const page = place && pages[place.page];
  return { name, isSigned, box: place && page && { page: place.page, ...boxOf(place.box, page) } };
}

function anchorOf(
  anchor: AnchorInput,
  found: FoundText | undefined,
  pages: readonly Page[],
): InspectedAnchor {
  const { count = 0, matches = [], nearest } = found ?? {};
  return {
    text: anchor.text,
    count,
    nearest,
    matches: matches.flatMap(({ page: index, box }) => {
      const page = pages[index];
      if (page === undefined) return [];
      return [
        {
          textBox: { page: index, ...boxOf(box, page) },
          fieldBox: { page: index, ...placeBeside(box, page, anchor) },
        },
      ];
    }),
  };
}
