import {
  arrayOf,
  either,
  nonEmptyString,
  number,
  object,
  oneOf,
  positiveNumber,
  stringWithin,
} from './codec.ts';
import { decode, invalid } from './codec.ts';
import type { Codec, Decoded } from './codec.ts';

export interface Clause {
  readonly title: string;
  readonly type: 'REQUIRED' | 'UNFAIR' | 'OPTIONAL';
}

export interface SignatureField {
  readonly clause: Clause;
  readonly attrs: FieldAttrs;
}

/** A field that exists in the PDF, or the box of one to be drawn. */
export type FieldAttrs =
  | { readonly unique_name: string }
  | {
      readonly coordinates: { readonly x: number; readonly y: number };
      readonly page: number;
      readonly size: { readonly w: number; readonly h: number };
    };

export interface DocumentMetadata {
  readonly title: string;
  readonly signature_fields: readonly SignatureField[];
}

const clause = object('Clause', {
  title: stringWithin(5, 81),
  type: oneOf('ClauseTypeEnum', ['REQUIRED', 'UNFAIR', 'OPTIONAL']),
});

// Named first: when both forms are sent, `unique_name` wins and the box is dropped.
const attrs = either(
  object('ExistingSignatureFieldAttrs', { unique_name: nonEmptyString }),
  object('SignatureFieldToBeCreatedAttrs', {
    coordinates: object('Coordinates', { x: number, y: number }),
    page: positiveNumber,
    size: object('Size', { w: positiveNumber, h: positiveNumber }),
  }),
  'SignatureFieldAttrs',
);

export const signatureFields: Codec<SignatureField[]> = arrayOf(object('SignatureField', { clause, attrs }));

/** The shape of `documents_metadata`, as generated from the published document. */
export const documentMetadataList = arrayOf(
  object('DocumentMetadata', { title: stringWithin(3, 61) }, { signature_fields: signatureFields }),
  'array of DocumentMetadata',
);

/**
 * The second look, at what the published document does not say: at least one document, at least one clause that is not
 * optional unless there are no fields at all, and clause titles shorter than the document says.
 */
export function checkDocuments(
  documents: readonly { title: string; signature_fields?: SignatureField[] }[],
  clauseTitleMaxLength: number,
): Decoded<DocumentMetadata[]> {
  if (documents.length === 0) {
    return invalid(documents, 'NonEmptyArray<pipe(Exact<DocumentMetadata>, DocumentMetadataFromApiModel)>');
  }
  const violations = documents.flatMap(({ signature_fields }) =>
    violationsOfFields(signature_fields ?? [], clauseTitleMaxLength),
  );
  if (violations.length > 0) return { ok: false, violations };
  return {
    ok: true,
    value: documents.map(({ title, signature_fields }) => ({
      title,
      signature_fields: signature_fields ?? [],
    })),
  };
}

/** The second look at one list of fields, also used by validate-document. */
export function violationsOfFields(
  fields: readonly SignatureField[],
  clauseTitleMaxLength: number,
): readonly string[] {
  const titles = fields.flatMap(({ clause: { title } }) => {
    const decoded = decode(stringWithin(5, clauseTitleMaxLength + 1), title);
    return decoded.ok ? [] : decoded.violations;
  });
  if (titles.length > 0 || fields.length === 0) return titles;
  if (fields.some(({ clause: { type } }) => type !== 'OPTIONAL')) return [];
  // The service prints its internal form of a field.
  const internal = fields.map(({ clause: { title, type }, attrs: place }) => ({
    clause: { title, type },
    attributes: 'unique_name' in place ? { uniqueName: place.unique_name } : place,
  }));
  const refused = invalid(internal, 'SignatureFields');
  return refused.ok ? [] : refused.violations;
}
