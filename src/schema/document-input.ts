import type { Align } from '../inspection/place-field.ts';
import { builder, describedEnum } from './builder.ts';

const ClauseTypeEnum = describedEnum<'REQUIRED' | 'UNFAIR' | 'OPTIONAL'>(
  'ClauseType',
  'The type of a clause (_clausola_): whether the citizen must sign it.',
  {
    REQUIRED: '_Clausola obbligatoria_: the citizen must sign it to sign the request.',
    UNFAIR:
      '_Clausola vessatoria_: an unfair term (articles 1341 and 1342 of the Italian Civil Code), which the citizen must sign separately.',
    OPTIONAL: '_Clausola facoltativa_: the citizen chooses whether to sign it.',
  },
);

const ClauseInput = builder.inputType('ClauseInput', {
  description: 'The clause that the citizen accepts with one signature.',
  fields: (t) => ({
    title: t.string({
      required: true,
      description:
        'The title shown to the citizen: 5 to 79 UTF-16 code units, at least one of them a visible character.',
    }),
    type: t.field({
      type: ClauseTypeEnum,
      required: true,
      description: 'Whether the citizen must sign the clause.',
    }),
  }),
});

const FieldBoxInput = builder.inputType('FieldBoxInput', {
  description:
    'A box in which the service places the signature. All lengths are in points (1/72 inch); an A4 page measures 595.28 × 841.89. The box must not touch the right or the lower edge of the page.',
  fields: (t) => ({
    page: t.int({ required: true, description: 'The index of the page; the first page is 0.' }),
    x: t.float({
      required: true,
      description: 'The distance from the left edge of the page to the box, in points.',
    }),
    y: t.float({
      required: true,
      description: 'The distance from the top edge of the page to the box, in points.',
    }),
    width: t.float({ required: true, description: 'The width of the box, in points; not negative.' }),
    height: t.float({ required: true, description: 'The height of the box, in points; not negative.' }),
  }),
});

const FieldAlignEnum = describedEnum<Align>(
  'FieldAlign',
  'Where the box of a field is, relative to the text of its anchor, as the reader sees the page.',
  {
    BOTTOM_LEFT: 'The lower left corners of box and text coincide: the box stands where the text stands.',
    TOP_LEFT: 'The upper left corners of box and text coincide.',
    CENTER: 'The centres of box and text coincide.',
    ABOVE: 'The box stands on the text; their left edges are aligned.',
    BELOW: 'The box hangs under the text; their left edges are aligned.',
    LEFT: 'The box ends where the text begins, at the same height.',
    RIGHT: 'The box begins where the text ends, at the same height.',
  },
);

export const FieldAnchorInput = builder.inputType('FieldAnchorInput', {
  description:
    'A text of the PDF that places a field. The text is found as the reader sees it: on one line, with the same case, and with spaces where the text has spaces; it may be invisible, such as a white tag `{{firma:Rossi}}`. Lengths are in points (1/72 inch). The box must be within the page.',
  fields: (t) => ({
    text: t.string({
      required: true,
      description: 'The text to find: 1 to 200 UTF-16 code units on one line.',
    }),
    occurrence: t.int({
      required: true,
      defaultValue: 1,
      description:
        'Which occurrence of the text, from 1 to 100, counted from the top to the bottom and from the left to the right, page by page.',
    }),
    page: t.int({
      description: 'The index of the page on which to look; the first page is 0. If null, all pages.',
    }),
    offsetX: t.float({
      required: true,
      defaultValue: 0,
      description: 'How far to move the box to the right, in points; negative to the left.',
    }),
    offsetY: t.float({
      required: true,
      defaultValue: 0,
      description: 'How far to move the box downwards, in points; negative upwards.',
    }),
    width: t.float({
      required: true,
      defaultValue: 177,
      description: 'The width of the box, in points. The default is that of the examples of the service.',
    }),
    height: t.float({
      required: true,
      defaultValue: 77,
      description: 'The height of the box, in points. The default is that of the examples of the service.',
    }),
    align: t.field({
      type: FieldAlignEnum,
      required: true,
      defaultValue: 'BOTTOM_LEFT',
      description: 'Where the box is, relative to the text.',
    }),
  }),
});

const FieldPositionInput = builder.inputType('FieldPositionInput', {
  isOneOf: true,
  description: 'The position of a signature. Set exactly one of the three fields.',
  fields: (t) => ({
    uniqueName: t.string({ description: 'The name of a signature field that exists in the PDF; not empty.' }),
    box: t.field({ type: FieldBoxInput, description: 'A box on a page.' }),
    anchor: t.field({
      type: FieldAnchorInput,
      description:
        'A text of the PDF. Only where the mutation has the file: in `requestSignature`, `validateDocument` and `inspectDocument`.',
    }),
  }),
});

export const SignatureFieldInput = builder.inputType('SignatureFieldInput', {
  description: 'A signature field (_campo firma_): a clause and the position of its signature.',
  fields: (t) => ({
    clause: t.field({ type: ClauseInput, required: true, description: 'The clause to sign.' }),
    position: t.field({
      type: FieldPositionInput,
      required: true,
      description: 'The position of the signature.',
    }),
  }),
});

export const DocumentInput = builder.inputType('DocumentInput', {
  description: 'A document to sign. Its file is uploaded later.',
  fields: (t) => ({
    title: t.string({
      required: true,
      description:
        'The title shown to the citizen: 3 to 60 UTF-16 code units, at least one of them a visible character.',
    }),
    fields: t.field({
      type: [SignatureFieldInput],
      description:
        'The signature fields, at most 100. At least one clause must not be `OPTIONAL`. If null or empty, one invisible signature covers the whole document.',
    }),
  }),
});
