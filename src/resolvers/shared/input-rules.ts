import isEmailModule from 'validator/lib/isEmail.js';
import { z } from 'zod';
import { FISCAL_CODE } from '../../upstream/operations/get-signer-by-fiscal-code.ts';
import { InvalidInputError } from '../errors/domain-errors.ts';

/*
 * The input rules of the service, from its source code; its published document differs. A message uses the terms of the
 * schema and never contains the value.
 */

/** A CommonJS module without an `exports` map: under nodenext the compiler sees its default export one level deeper. */
const isEmail: (text: string) => boolean = isEmailModule.default ?? isEmailModule;

/** JSON can contain lone surrogates, which no database stores. */
const wellFormed = (name: string) =>
  z
    .string(`${name} must be a text.`)
    .refine((value) => value.isWellFormed(), `${name} must be valid Unicode.`);

/** White space, control characters and characters of no width. U+2800 is the Braille pattern without dots. */
const INVISIBLE = /^[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}\u2800]+$/u;

/** A text that the IO app shows. The service accepts white space, which the citizen could not see. */
const title = (name: string) =>
  wellFormed(name).refine((value) => !INVISIBLE.test(value), {
    error: `${name} must have at least one visible character.`,
    abort: true,
  });

/** A title with a length in UTF-16 code units, as the service counts. */
const text = (name: string, least: number, most: number) =>
  title(name).refine((value) => value.length >= least && value.length <= most, {
    error: ({ input }) => `${name} must have ${least} to ${most} characters; it has ${String(input).length}.`,
  });

const filled = (name: string) => wellFormed(name).min(1, `${name} must not be empty.`);
const number = (name: string) => z.number(`${name} must be a number.`);
const zeroOrMore = (name: string) => number(name).min(0, `${name} must not be negative.`);

/** A whole number in a range. One message says all of it. */
const whole = (least: number, most: number, message: string) =>
  z.number(message).refine((value) => Number.isInteger(value) && value >= least && value <= most, message);

const clauseType = z.enum(
  ['REQUIRED', 'UNFAIR', 'OPTIONAL'],
  'The type of the clause must be REQUIRED, UNFAIR or OPTIONAL.',
);

/** A page of a PDF measures at most 14,400 points. */
const length = (name: string) =>
  number(name).min(-14_400, `${name} is too small.`).max(14_400, `${name} is too large.`);

/** An anchor, where the mutation has the file. */
const anchorRules = z.object({
  text: text('The text of the anchor', 1, 200).refine(
    (value) => !/[\n\r\u2028\u2029]/.test(value),
    'The text of the anchor must be on one line.',
  ),
  occurrence: whole(1, 100, 'The occurrence must be a whole number from 1 to 100.'),
  page: zeroOrMore('The page (counted from 0)').nullish(),
  offsetX: length('The horizontal offset'),
  offsetY: length('The vertical offset'),
  width: length('The width of the box').min(0, 'The width of the box must not be negative.'),
  height: length('The height of the box').min(0, 'The height of the box must not be negative.'),
});

const noAnchor = z.null({
  error:
    'This mutation has no file in which to find the text. Use requestSignature, which finds it, or call inspectDocument with this anchor and set position.box to the fieldBox of its match.',
});

const fieldRules = (anchor: z.ZodType) =>
  z.object({
    clause: z.object({ title: text('The title of the clause', 5, 79), type: clauseType }),
    position: z.object({
      uniqueName: filled('The name of the signature field in the PDF').nullish(),
      box: z
        .object({
          page: zeroOrMore('The page (counted from 0)'),
          x: number('The horizontal position of the box'),
          y: number('The vertical position of the box'),
          width: zeroOrMore('The width of the box'),
          height: zeroOrMore('The height of the box'),
        })
        .nullish(),
      anchor: anchor.nullish(),
    }),
  });

/** Limits that no real dossier reaches. A megabyte of JSON has room for tens of thousands of invalid items. */
const MAX_DOCUMENTS = 100;
const MAX_FIELDS = 100;

/** A list that is too long is refused without validating its items. */
const atMost = (most: number, message: string) => z.array(z.unknown()).max(most, message);

/** The signature fields of a document. */
const fields = (anchor: z.ZodType) =>
  atMost(MAX_FIELDS, `A document must have at most ${MAX_FIELDS} signature fields.`)
    .pipe(z.array(fieldRules(anchor)))
    .refine(
      (given) => given.length === 0 || given.some(({ clause }) => clause.type !== 'OPTIONAL'),
      'At least one clause must not be optional: make one REQUIRED or UNFAIR, or leave the list of fields empty.',
    );

/** The signature fields of a document whose file the mutation has. */
export const fieldsOfFileRules = fields(anchorRules);

/** The anchors to look for in a file. */
export const anchorsRules = atMost(MAX_FIELDS, `There must be at most ${MAX_FIELDS} anchors.`).pipe(
  z.array(anchorRules),
);

const documents = (most: number, anchor: z.ZodType) =>
  atMost(most, `There must be at most ${most} documents.`)
    .min(1, 'There must be at least one document.')
    .pipe(
      z.array(
        z.object({ title: text('The title of the document', 3, 60), fields: fields(anchor).nullish() }),
      ),
    );

/** Documents with their files. */
export const documentsWithFiles = (most: number) => documents(most, anchorRules);

export const documentsRules = documents(MAX_DOCUMENTS, noAnchor);

export const titleRules = title('The title of the dossier').min(
  1,
  'The title of the dossier must not be empty.',
);

const SUPPORT_EMAIL = 'The support e-mail must be an address such as urp@example.it.';
export const supportEmailRules = z
  .string(SUPPORT_EMAIL)
  // `isEmail` counts bytes and throws on lone surrogates.
  .refine((value) => value.isWellFormed() && isEmail(value), SUPPORT_EMAIL);

export const expiresAtRules = z
  .date('The expiry must be a date with a time.')
  .refine((date) => date.getTime() > Date.now(), 'The expiry must be in the future.');

const FISCAL_CODE_FORM =
  'The fiscal code must have 16 characters in upper case: 6 letters, 2 digits, month letter, 2 digits, letter, 3 digits, letter.';
export const fiscalCodeRules = z.string(FISCAL_CODE_FORM).regex(FISCAL_CODE, FISCAL_CODE_FORM);

/** A UUID, as `findSigner` returns it. The service accepts any text here and fails only at the notification. */
export const signerIdRules = z.guid(
  'The signer must be the id that findSigner returns (a UUID), not a fiscal code.',
);

export const idRules = (name: string) => filled(`The id of the ${name}`);

/** Long enough for every common key format, and short enough to hash. */
const KEY_FORM = 'The idempotency key must have 1 to 255 printable ASCII characters.';
export const idempotencyKeyRules = z.string(KEY_FORM).regex(/^[\x20-\x7e]{1,255}$/, KEY_FORM);

/** The maximum wait in seconds: below the 60 s after which proxies commonly close an idle connection. */
export const MAX_WAIT_SECONDS = 55;

export const waitSecondsRules = whole(
  0,
  MAX_WAIT_SECONDS,
  `The wait must be a whole number of seconds from 0 to ${MAX_WAIT_SECONDS}.`,
);

/** For objects and lists, whose types GraphQL has checked. Every other rule has its own message: zod's are in its own terms. */
const WRONG_TYPE = 'The value does not have the type that the schema declares.';

/**
 * Validates an input before any upstream call.
 * @throws {InvalidInputError} with all problems and their paths.
 */
export function checkInput(rules: z.ZodType, input: unknown): void {
  const { error } = rules.safeParse(input, { error: () => WRONG_TYPE });
  if (error === undefined) return;
  throw new InvalidInputError(error.issues.map(({ path, message }) => ({ path: path.map(String), message })));
}
