import { builder } from './builder.ts';
import { describedEnum } from './described-enum.ts';

const ClauseTypeEnum = describedEnum<'REQUIRED' | 'UNFAIR' | 'OPTIONAL'>(
  'ClauseType',
  'Whether a citizen must agree to a clause.',
  {
    REQUIRED: 'Must be signed.',
    UNFAIR: 'Unfair terms (articles 1341 and 1342 of the Civil Code): must be signed, on their own.',
    OPTIONAL: 'May be signed.',
  },
);

const ClauseInput = builder.inputType('ClauseInput', {
  description: 'What the citizen agrees to with one signature.',
  fields: (t) => ({
    title: t.string({
      required: true,
      description: 'Shown to the citizen; 5 to 79 characters, not only blanks.',
    }),
    type: t.field({ type: ClauseTypeEnum, required: true, description: 'Whether it must be signed.' }),
  }),
});

const FieldBoxInput = builder.inputType('FieldBoxInput', {
  description:
    'A box for the service to draw. Points (1/72 inch); A4 is 595.28 × 841.89. It must not touch the right or lower edge.',
  fields: (t) => ({
    page: t.int({ required: true, description: 'The page, counted from 0.' }),
    x: t.float({ required: true, description: 'From the left edge of the page to the box.' }),
    y: t.float({ required: true, description: 'From the top edge of the page down to the box.' }),
    width: t.float({ required: true, description: 'Width of the box.' }),
    height: t.float({ required: true, description: 'Height of the box.' }),
  }),
});

const FieldPositionInput = builder.inputType('FieldPositionInput', {
  isOneOf: true,
  description: 'Where a signature goes: exactly one of the two.',
  fields: (t) => ({
    uniqueName: t.string({ description: 'The name of a signature field that exists in the PDF.' }),
    box: t.field({ type: FieldBoxInput, description: 'A box to be drawn.' }),
  }),
});

export const SignatureFieldInput = builder.inputType('SignatureFieldInput', {
  description: 'A clause and the place of its signature.',
  fields: (t) => ({
    clause: t.field({ type: ClauseInput, required: true, description: 'What is agreed to.' }),
    position: t.field({ type: FieldPositionInput, required: true, description: 'Where the signature goes.' }),
  }),
});

export const DocumentInput = builder.inputType('DocumentInput', {
  description: 'A document to be signed; its file is uploaded later.',
  fields: (t) => ({
    title: t.string({
      required: true,
      description: 'Shown to the citizen; 3 to 60 characters, not only blanks.',
    }),
    fields: t.field({
      type: [SignatureFieldInput],
      description:
        'Its signature fields, at most 100; at least one clause that is not OPTIONAL. None: one invisible signature on the whole document.',
    }),
  }),
});
