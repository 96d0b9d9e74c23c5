import isEmailModule from 'validator/lib/isEmail.js';
import { z } from 'zod';
import { FISCAL_CODE } from '../../upstream/fiscal-code.ts';
import { InvalidInputError } from '../errors/domain-errors.ts';

/*
 * The rules of the service for what people fill in, as its running code has them (the published document differs).
 * Messages speak the words of the form and never repeat a value.
 */

/** CommonJS module without an `exports` map: under nodenext its default export sits one level deeper for the compiler. */
const isEmail: (text: string) => boolean = isEmailModule.default ?? isEmailModule;

/** Half of a character (a lone surrogate) can be written in JSON, and no database keeps it. */
const wellFormed = (name: string) =>
  z.string().refine((value) => value.isWellFormed(), `${name} must be whole characters of Unicode.`);

/** Blanks of all kinds, control characters and characters of no width. U+2800 is a Braille pattern without dots. */
const INVISIBLE = /^[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}\u2800]+$/u;

/** What the citizen reads in IO. The service takes blanks as well, and IO would show nothing. */
const title = (name: string) =>
  wellFormed(name).refine((value) => !INVISIBLE.test(value), {
    error: `${name} must have characters that can be seen.`,
    abort: true,
  });

/** Length in UTF-16 code units, as the service counts. */
const text = (name: string, least: number, most: number) =>
  title(name).refine((value) => value.length >= least && value.length <= most, {
    error: ({ input }) => `${name} must have ${least} to ${most} characters; it has ${String(input).length}.`,
  });

const filled = (name: string) => wellFormed(name).min(1, `${name} must not be empty.`);
const zeroOrMore = (name: string) => z.number().min(0, `${name} must not be negative.`);

const clauseType = z.enum(['REQUIRED', 'UNFAIR', 'OPTIONAL']);

const fieldRules = z.object({
  clause: z.object({ title: text('The title of the clause', 5, 79), type: clauseType }),
  position: z.object({
    uniqueName: filled('The name of the signature field in the PDF').nullish(),
    box: z
      .object({
        page: zeroOrMore('The page (counted from 0)'),
        x: z.number(),
        y: z.number(),
        width: zeroOrMore('The width of the box'),
        height: zeroOrMore('The height of the box'),
      })
      .nullish(),
  }),
});

/** More than any contract has. A megabyte of JSON has room for tens of thousands, and each could be wrong in many ways. */
const MAX_DOCUMENTS = 100;
const MAX_FIELDS = 100;

/** Items are not looked at in a list that is too long. */
const atMost = (most: number, message: string) => z.array(z.unknown()).max(most, message);

/** A document and its signature fields, as `createDossier`, `createSignatureRequest` and `validateDocument` take them. */
export const fieldsRules = atMost(MAX_FIELDS, `A document has at most ${MAX_FIELDS} signature fields.`)
  .pipe(z.array(fieldRules))
  .refine(
    (fields) => fields.length === 0 || fields.some(({ clause }) => clause.type !== 'OPTIONAL'),
    'At least one clause must not be optional: make one REQUIRED or UNFAIR, or leave the list of fields empty.',
  );

const documentRules = z.object({
  title: text('The title of the document', 3, 60),
  fields: fieldsRules.nullish(),
});

export const documentsUpTo = (most: number) =>
  atMost(most, `At most ${most} documents go together.`)
    .min(1, 'At least one document is needed.')
    .pipe(z.array(documentRules));

export const documentsRules = documentsUpTo(MAX_DOCUMENTS);

export const titleRules = title('The title of the dossier').min(
  1,
  'The title of the dossier must not be empty.',
);

export const supportEmailRules = z
  .string()
  // `isEmail` counts bytes and throws where there are half characters.
  .refine(
    (value) => value.isWellFormed() && isEmail(value),
    'The support e-mail must be a plain address such as urp@example.it.',
  );

export const expiresAtRules = z
  .date()
  .refine((date) => date.getTime() > Date.now(), 'The expiry must be in the future.');

export const fiscalCodeRules = z
  .string()
  .regex(
    FISCAL_CODE,
    'The fiscal code must have its 16 characters in upper case: 6 letters, 2 digits, month letter, 2 digits, letter, 3 digits, letter.',
  );

/** UUID as `findSigner` returns it. The service takes any text here and fails much later, at the notification. */
export const signerIdRules = z.guid(
  'The signer must be the id that findSigner returns (a UUID), not a fiscal code.',
);

export const idRules = (name: string) => filled(`The id of the ${name}`);

/** Long enough for any way of making keys, and short enough to be hashed without a thought. */
export const idempotencyKeyRules = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, 'The idempotency key must have 1 to 255 printable ASCII characters.');

/** Longest wait of one call in seconds: below the 60 s after which proxies commonly give up on a silent connection. */
export const MAX_WAIT_SECONDS = 55;

export const waitSecondsRules = z
  .int()
  .min(0, 'The wait must be 0 to 55 seconds.')
  .max(MAX_WAIT_SECONDS, 'The wait must be 0 to 55 seconds.');

/**
 * Checks an input against its rules before anything is sent.
 * @throws {InvalidInputError} with every problem and its path.
 */
export function checkInput(rules: z.ZodType, input: unknown): void {
  const { error } = rules.safeParse(input);
  if (error === undefined) return;
  throw new InvalidInputError(error.issues.map(({ path, message }) => ({ path: path.map(String), message })));
}
