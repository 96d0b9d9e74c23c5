/** Fiscal codes, digits swapped for letters (omocodia) and small letters included. */
const FISCAL_CODE =
  /(?<![a-z\d])([a-z]{6})[\dlmnp-v]{2}[a-z][\dlmnp-v]{2}[a-z][\dlmnp-v]{3}[a-z](?![a-z\d])/gi;
/** What stands in the place of a signature. */
export const MASK = '••••';
const SIGNATURE = /([?&]sig=)[^&"\s]*/g;

/** Puts dots in the place of a signature. Whoever has the whole address can use it. */
export function maskSignatures(text: string): string {
  return text.replaceAll(SIGNATURE, `$1${MASK}`);
}

/** `SPNDNL80R13C555X` becomes `SPNDNL••••••••••`, anywhere in a text. */
export function maskFiscalCodes(text: string): string {
  return text.replaceAll(FISCAL_CODE, '$1••••••••••');
}

/** The same value with its fiscal codes masked, whatever its depth; keys too. */
export function maskDeep(value: unknown): unknown {
  if (typeof value === 'string') return maskFiscalCodes(value);
  if (Array.isArray(value)) return value.map(maskDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [maskFiscalCodes(name), maskDeep(member)]),
  );
}
