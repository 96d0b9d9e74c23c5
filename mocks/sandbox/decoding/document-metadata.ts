import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { model, nonEmptyString, nonNegativeNumber, oneOf, stringWithin } from './types.ts';

export interface Clause {
  readonly title: string;
  readonly type: 'REQUIRED' | 'UNFAIR' | 'OPTIONAL';
}

export interface SignatureField {
  readonly clause: Clause;
  readonly attrs: FieldAttrs;
}

/** A field that exists in the PDF, or the box of a new field. */
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

// First in the union: if both forms are sent, `unique_name` wins and the box is dropped.
const attrs = t.union(
  [
    model('ExistingSignatureFieldAttrs', { unique_name: t.string }),
    model('SignatureFieldToBeCreatedAttrs', {
      coordinates: model('SignatureFieldToBeCreatedAttrsCoordinates', { x: t.number, y: t.number }),
      page: nonNegativeNumber,
      size: model('SignatureFieldToBeCreatedAttrsSize', { w: nonNegativeNumber, h: nonNegativeNumber }),
    }),
  ],
  'SignatureFieldAttrs',
);

const clause = model('Clause', {
  title: stringWithin(5, 81),
  type: oneOf('type', ['REQUIRED', 'UNFAIR', 'OPTIONAL']),
});

const signatureField = model('SignatureField', { attrs, clause });

const documentMetadata = model(
  'DocumentMetadata',
  { title: stringWithin(3, 61) },
  { signature_fields: t.readonlyArray(signatureField, 'array of SignatureField') },
);

/** The structure of `documents_metadata` in the published document. */
export const documentMetadataList = t.readonlyArray(documentMetadata, 'array of DocumentMetadata');

type ReadField = t.TypeOf<typeof signatureField>;
type ReadDocument = t.TypeOf<typeof documentMetadata>;

/**
 * The second validation, of rules that the published document lacks: at least one document, at least one clause that is
 * not OPTIONAL unless there are no fields, non-empty field names, and a lower maximum for clause titles.
 */
export function documentsOf(clauseTitleMaxLength: number): t.Decoder<unknown, readonly DocumentMetadata[]> {
  const document = new t.Type<DocumentMetadata, ReadDocument, ReadDocument>(
    'DocumentMetadataFromApiModel',
    (input): input is DocumentMetadata => documentMetadata.is(input) && input.signature_fields !== undefined,
    ({ title, signature_fields = [] }) => {
      const fields = decodeFields(signature_fields, clauseTitleMaxLength);
      return isLeft(fields) ? fields : t.success({ title, signature_fields: fields.right });
    },
    t.identity,
  );
  const list = t.array(documentMetadata.pipe(document));
  return new t.Type(
    `NonEmpty${list.name}`,
    list.is,
    (input, context) => {
      const decoded = list.validate(input, context);
      return isRight(decoded) && decoded.right.length === 0 ? t.failure(input, context) : decoded;
    },
    list.encode,
  );
}

/** Both validations of one list of fields. */
export function decodeFields(input: unknown, clauseTitleMaxLength: number): t.Validation<SignatureField[]> {
  const title = stringWithin(5, clauseTitleMaxLength + 1);
  const field = new t.Type<SignatureField, ReadField, ReadField>(
    'SignatureFieldFromApiModel',
    signatureField.is,
    (given) => {
      const read = title.decode(given.clause.title);
      if (isLeft(read)) return read;
      const name = 'unique_name' in given.attrs ? nonEmptyString.decode(given.attrs.unique_name) : read;
      return isLeft(name) ? name : t.success(given);
    },
    t.identity,
  );
  const fields = t.array(signatureField.pipe(field)).decode(input);
  return isLeft(fields) ? fields : atLeastOneRequired.decode(fields.right);
}

const atLeastOneRequired = new t.Type<SignatureField[], SignatureField[], SignatureField[]>(
  'SignatureFields',
  (input): input is SignatureField[] => t.array(signatureField).is(input),
  (fields, context) =>
    fields.length === 0 || fields.some(({ clause: { type } }) => type !== 'OPTIONAL')
      ? t.success(fields)
      : t.failure(fields.map(internalField), context),
  t.identity,
);

/** The internal structure of a field in the service, for texts that contain it. */
function internalField({ clause: { title, type }, attrs }: SignatureField) {
  return {
    clause: { title, type },
    attributes: 'unique_name' in attrs ? { uniqueName: attrs.unique_name } : attrs,
  };
}
