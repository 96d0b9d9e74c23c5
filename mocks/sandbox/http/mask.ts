/** Fiscal codes, including lower case and letters in place of digits (omocodia). */
const FISCAL_CODE =
  /(?<![a-z\d])([a-z]{6})[\dlmnp-v]{2}[a-z][\dlmnp-v]{2}[a-z][\dlmnp-v]{3}[a-z](?![a-z\d])/gi;
/** The replacement of a signature. */
export const MASK = '••••';
const SIGNATURE = /([?&]sig=)[^&"\s]*/g;

/** Masks the signature of a pre-signed URL, because the complete URL grants access. */
export function maskSignatures(text: string): string {
  return text.replaceAll(SIGNATURE, `$1${MASK}`);
}

/** `SPNDNL80R13C555X` becomes `SPNDNL••••••••••`, anywhere in a text. */
export function maskFiscalCodes(text: string): string {
  return text.replaceAll(FISCAL_CODE, '$1••••••••••');
}

/** A copy of the value with masked fiscal codes at any depth, in keys as well. */
export function maskDeep(value: unknown): unknown {
  if (typeof value === 'string') return maskFiscalCodes(value);
  if (Array.isArray(value)) return value.map(maskDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [maskFiscalCodes(name), maskDeep(member)]),
  );
}
