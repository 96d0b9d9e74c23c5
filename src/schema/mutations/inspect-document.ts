import {
  EmptyFileError,
  FileOrderError,
  FileTooLargeError,
  InvalidInputError,
  NotAPdfError,
  UnreadablePdfError,
  UploadInterruptedError,
} from '../../resolvers/errors/domain-errors.ts';
import { inspectDocument } from '../../resolvers/mutations/inspect-document.ts';
import type {
  AnchorMatch,
  InspectedAnchor,
  InspectedField,
  InspectedPage,
} from '../../resolvers/mutations/inspect-document.ts';
import type { DocumentProblem } from '../../resolvers/shared/document-problems.ts';
import { builder, describedEnum, defineMutation } from '../builder.ts';
import { FieldBoxType } from '../document.ts';
import { FieldAnchorInput, SignatureFieldInput } from '../document-input.ts';
import { STAFF_WRITES } from '../scopes.ts';

const InspectedPageType = builder.objectRef<InspectedPage>('InspectedPage').implement({
  description: 'A page of a PDF, in the coordinates of the service. All lengths are in points (1/72 inch).',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'The index of the page; the first page is 0.' }),
    width: t.exposeFloat('width', { description: 'The width that limits boxes: that of the MediaBox.' }),
    height: t.exposeFloat('height', { description: 'The height that limits boxes: that of the MediaBox.' }),
    rotation: t.exposeInt('rotation', {
      description:
        'By how many degrees readers see the page rotated clockwise: 0, 90, 180 or 270. The service ignores it: boxes are those of the page without rotation.',
    }),
  }),
});

const InspectedFieldType = builder.objectRef<InspectedField>('InspectedField').implement({
  description: 'A signature field that exists in the PDF.',
  fields: (t) => ({
    name: t.exposeString('name', {
      description:
        'The complete name of the field, for `uniqueName`: names of nested fields are joined by periods.',
    }),
    page: t.int({
      nullable: true,
      description: 'The index of its page; the first page is 0. Null when the field is on no page.',
      resolve: ({ box }) => box?.page,
    }),
    box: t.field({
      type: FieldBoxType,
      nullable: true,
      description: 'The box of the field. Null when the field is on no page.',
      resolve: ({ box }) => box,
    }),
    isSigned: t.exposeBoolean('isSigned', { description: 'Whether the field already has a signature.' }),
  }),
});

const AnchorMatchType = builder.objectRef<AnchorMatch>('AnchorMatch').implement({
  description: 'A place at which the text of an anchor was found.',
  fields: (t) => ({
    page: t.int({
      description: 'The index of the page; the first page is 0.',
      resolve: ({ textBox }) => textBox.page,
    }),
    textBox: t.field({
      type: FieldBoxType,
      description: 'The box of the text.',
      resolve: ({ textBox }) => textBox,
    }),
    fieldBox: t.field({
      type: FieldBoxType,
      description: 'The box that a field with this anchor gets, for `FieldPositionInput.box`.',
      resolve: ({ fieldBox }) => fieldBox,
    }),
  }),
});

const InspectedAnchorType = builder.objectRef<InspectedAnchor>('InspectedAnchor').implement({
  description: 'The places at which the text of an anchor was found.',
  fields: (t) => ({
    text: t.exposeString('text', { description: 'The text of the anchor.' }),
    matchCount: t.exposeInt('count', { description: 'How often the text was found.' }),
    matches: t.field({
      type: [AnchorMatchType],
      description: 'The first 100 places, in the order in which `occurrence` counts them.',
      resolve: ({ matches }) => [...matches],
    }),
    nearest: t.string({
      nullable: true,
      description:
        'The most similar text of the PDF. Null when the text was found, and when no text is similar.',
      resolve: ({ nearest }) => nearest,
    }),
  }),
});

const ProblemSeverityEnum = describedEnum<DocumentProblem['severity']>(
  'ProblemSeverity',
  'The consequence of a problem of a document.',
  {
    ERROR: 'The service, or the gateway for an anchor, would reject the document or the field.',
    WARNING: 'The service accepts the document, but ignores something that the reader of the document sees.',
  },
);

const DocumentProblemType = builder.objectRef<DocumentProblem>('DocumentProblem').implement({
  description: 'A problem of a document or of a field.',
  fields: (t) => ({
    path: t.stringList({
      description:
        'The path from the `input` argument to the cause, for example `["fields", "0", "position", "box"]`.',
      resolve: ({ path }) => [...path],
    }),
    severity: t.field({
      type: ProblemSeverityEnum,
      description: 'The consequence.',
      resolve: ({ severity }) => severity,
    }),
    message: t.exposeString('message', {
      description: 'The problem; if the service would reject the document, in its words.',
    }),
  }),
});

defineMutation({
  name: 'inspectDocument',
  description:
    'Reads a PDF without a call to the service: its pages and signature fields, the places of texts, and what the service would reject. Nothing is stored.',
  scopes: STAFF_WRITES,
  input: (t) => ({
    file: t.field({ type: 'Upload', required: true, description: 'The PDF to inspect.' }),
    anchors: t.field({ type: [FieldAnchorInput], description: 'Texts to find in the PDF, at most 100.' }),
    fields: t.field({
      type: [SignatureFieldInput],
      description: 'Signature fields to check, at most 100.',
    }),
  }),
  cost: 1,
  resolve: (context, input) => inspectDocument(context, input),
  payload: {
    description: 'The PDF was read.',
    fields: (t) => ({
      sizeBytes: t.exposeInt('sizeBytes', { description: 'The size of the file, in bytes.' }),
      sha256: t.exposeString('sha256', {
        description: 'The SHA-256 digest of the file, in lower-case hexadecimal.',
      }),
      isEncrypted: t.exposeBoolean('isEncrypted', {
        description:
          'Whether the PDF is encrypted. The service rejects it then, and the lists of pages, signature fields and anchors are empty.',
      }),
      isSigned: t.exposeBoolean('isSigned', {
        description: 'Whether a signature field of the PDF already has a signature.',
      }),
      pages: t.field({
        type: [InspectedPageType],
        description: 'The pages, in order.',
        resolve: ({ pages }) => [...pages],
      }),
      signatureFields: t.field({
        type: [InspectedFieldType],
        description: 'The signature fields that the service finds in the PDF.',
        resolve: ({ signatureFields }) => [...signatureFields],
      }),
      anchors: t.field({
        type: [InspectedAnchorType],
        description: 'The results for `anchors`, in their order.',
        resolve: ({ anchors }) => [...anchors],
      }),
      problems: t.field({
        type: [DocumentProblemType],
        description:
          'All problems of the document, of `fields` and of `anchors`. The service would accept the document with these fields if none is an `ERROR`.',
        resolve: ({ problems }) => [...problems],
      }),
    }),
  },
  errors: [
    InvalidInputError,
    NotAPdfError,
    EmptyFileError,
    FileTooLargeError,
    FileOrderError,
    UploadInterruptedError,
    UnreadablePdfError,
  ],
});
