import validator from 'validator';
import { decode, invalid, nonEmptyString, object, oneOf, string, stringWhere, value } from './codec.ts';
import type { Codec, Decoded } from './codec.ts';
import { documentMetadataList } from './document-metadata.ts';
import { timestamp } from './timestamp.ts';
import { validationProblem } from '../problems.ts';

/** An address with a top-level domain, an ASCII local part and no display name: the service's own library decides. */
const email = stringWhere('string that represents an email address', (text) =>
  validator.isEmail(text, { allow_utf8_local_part: false }),
);

/** 16 upper-case characters; L M N P Q R S T U V may stand for digits (omocodia). The check character is not checked. */
const FISCAL_CODE =
  '^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$';
const fiscalCode = stringWhere(`string that matches the pattern "${FISCAL_CODE}"`, (text) =>
  new RegExp(FISCAL_CODE).test(text),
);

export const createDossierBody = object(
  'CreateDossierBody',
  { title: string, documents_metadata: documentMetadataList },
  { support_email: email },
);

export const getSignerBody = object('GetSignerByFiscalCodeBody', { fiscal_code: fiscalCode });

export const createSignatureRequestBody = object(
  'CreateSignatureRequestBody',
  { dossier_id: nonEmptyString, signer_id: nonEmptyString },
  { expires_at: timestamp, documents_metadata: documentMetadataList },
);

export const setStatusBody = oneOf('SetSignatureRequestStatusBody', ['READY', 'CANCELLED']);

export interface ListQuery {
  readonly limit?: number;
  readonly continuationToken?: string;
}

const LIMIT = 'pipe(IntegerFromString, integer >= 25 and < 101)';

/** Two steps in the service: text to integer, then the bounds, so a refused bound shows a number and not a text. */
const limit: Codec<number> = {
  name: LIMIT,
  decode(input, path) {
    const integer = value(LIMIT, (text) =>
      /^[+-]?\d+$/.test(String(text)) ? Number(text) : undefined,
    ).decode(input, path);
    if (!integer.ok) return integer;
    const inBounds = integer.value >= 25 && integer.value < 101;
    return inBounds ? integer : invalid(integer.value, path);
  },
};

const QUERY = `Partial<{ continuationToken: non empty string, limit: ${LIMIT} }>`;

export function decodeListQuery(query: Readonly<Record<string, string | string[]>>): Decoded<ListQuery> {
  const token = query['continuationToken'];
  const decodedToken =
    token === undefined
      ? undefined
      : nonEmptyString.decode(token, `${QUERY}/continuationToken: non empty string`);
  const decodedLimit =
    query['limit'] === undefined ? undefined : limit.decode(query['limit'], `${QUERY}/limit: ${LIMIT}`);
  const violations = [decodedToken, decodedLimit].flatMap((part) =>
    part?.ok === false ? part.violations : [],
  );
  if (violations.length > 0) return { ok: false, violations };
  return {
    ok: true,
    value: {
      ...(decodedLimit?.ok === true && { limit: decodedLimit.value }),
      ...(decodedToken?.ok === true && { continuationToken: decodedToken.value }),
    },
  };
}

/**
 * The decoded value.
 * @throws Refusal, the service's 422 with the violations
 */
export function orRefuse<T>(decoded: Decoded<T>): T {
  if (decoded.ok) return decoded.value;
  throw validationProblem(decoded.violations);
}

/** {@link decode} and {@link orRefuse} in one. */
export function decodeOrRefuse<T>(codec: Codec<T>, input: unknown): T {
  return orRefuse(decode(codec, input));
}
