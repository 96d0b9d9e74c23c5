import { valueFromASTUntyped, GraphQLError } from 'graphql';
import type { ValueNode } from 'graphql';
import { z } from 'zod';
import { isFileUpload } from '../uploads/file-upload.ts';
import type { FileUpload } from '../uploads/file-upload.ts';
import { builder, describedEnum } from './builder.ts';

const refuse = (message: string, node?: ValueNode): Error =>
  new GraphQLError(message, { nodes: node ?? null, extensions: { code: 'BAD_USER_INPUT' } });

/** Parses literals as variables; an error has the location of the literal. */
function readLiteral<Value>(parse: (value: unknown, node?: ValueNode) => Value) {
  return (node: ValueNode): Value => parse(valueFromASTUntyped(node), node);
}

/**
 * RFC 3339 with an offset, `t` and `z` in either case (section 5.6). Refuses days that do not exist, which the service
 * would roll over into the next month.
 */
const rfc3339 = z
  .string()
  .transform((text) => text.replaceAll('t', 'T').replace(/z$/, 'Z'))
  .pipe(z.iso.datetime({ offset: true }));

function parseDateTime(value: unknown, node?: ValueNode): Date {
  const { data } = rfc3339.safeParse(value);
  if (data === undefined)
    throw refuse(
      'A DateTime must be in RFC 3339 format with an offset, such as 2026-06-30T23:59:59+02:00.',
      node,
    );
  return new Date(data);
}

function parseUpload(value: unknown, node?: ValueNode): FileUpload {
  if (isFileUpload(value)) return value;
  throw refuse(
    'An Upload must be a file of a multipart request: send the variable as null and map a file to it.',
    node,
  );
}

builder.scalarType('DateTime', {
  description:
    'A date and time in RFC 3339 format with an offset, for example `2026-06-30T23:59:59+02:00`. Output is in UTC with milliseconds: `2026-06-30T21:59:59.000Z`.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (at) => (typeof at === 'string' ? at : at.toISOString()),
  parseValue: (value) => parseDateTime(value),
  parseLiteral: readLiteral(parseDateTime),
});

builder.scalarType('FiscalCode', {
  description:
    'The Italian tax code of a person (_codice fiscale_): 16 characters in upper case. Pass it as a variable of a POST request. It never appears in a response, an error or a log.',
  // The Agenzia delle Entrate issues the codes.
  specifiedByURL:
    'https://www.agenziaentrate.gov.it/portale/web/guest/schede/istanze/richiesta-ts_cf/informazioni-codificazione-pf',
  serialize: () => {
    throw new TypeError('the scalar FiscalCode is input only');
  },
  // The input rules validate the value: an error of this function would contain it.
  parseValue: (value) => (typeof value === 'string' ? value : ''),
});

builder.scalarType('URL', {
  description: 'An absolute URL (WHATWG URL Standard).',
  specifiedByURL: 'https://url.spec.whatwg.org/',
  serialize: (url) => url,
  parseValue: () => {
    throw refuse('The scalar URL is output only.');
  },
});

builder.scalarType('Upload', {
  description:
    'A file of a multipart request (GraphQL multipart request specification). Send the files in the order of the fields that use them.',
  specifiedByURL: 'https://github.com/jaydenseric/graphql-multipart-request-spec',
  serialize: () => {
    throw new TypeError('the scalar Upload is input only');
  },
  parseValue: (value) => parseUpload(value),
  parseLiteral: readLiteral(parseUpload),
});

const REQUEST_STATUSES = {
  DRAFT: 'The documents can be uploaded. A draft cannot be cancelled or deleted.',
  READY: 'Marked as ready. The service prepares the signature, which takes seconds.',
  WAIT_FOR_SIGNATURE: 'The citizen can sign. The QR code exists, and the notification can be sent.',
  SIGNED: 'The citizen has signed. Final.',
  REJECTED:
    'The signature failed for a technical reason: see `rejectReason`. It never means that the citizen refused to sign. Final.',
  CANCELLED: 'The institution has cancelled the signature request. Final.',
  UNKNOWN: 'A status that this version of the gateway does not know.',
};

export const SignatureRequestStatus = describedEnum(
  'SignatureRequestStatus',
  'The status of a signature request.',
  REQUEST_STATUSES,
);

const DOCUMENT_STATUSES = {
  WAIT_FOR_UPLOAD: 'The file has not been uploaded, or its validation has not started.',
  WAIT_FOR_VALIDATION:
    'The service validates the file. Its documentation has this status, but it never returns it.',
  READY: 'The service has accepted the file.',
  REJECTED: 'The service has rejected the file: see `rejectReasons`. Upload a corrected file.',
  UNKNOWN: 'A status that this version of the gateway does not know.',
};

export const DocumentStatus = describedEnum('DocumentStatus', 'The status of a document.', DOCUMENT_STATUSES);

const isIn = <Values extends object>(values: Values, status: string): status is keyof Values & string =>
  Object.hasOwn(values, status);

/** The status in the schema of a status of the service. */
export const requestStatusOf = (status: string): keyof typeof REQUEST_STATUSES =>
  isIn(REQUEST_STATUSES, status) ? status : 'UNKNOWN';

export const documentStatusOf = (status: string): keyof typeof DOCUMENT_STATUSES =>
  isIn(DOCUMENT_STATUSES, status) ? status : 'UNKNOWN';
