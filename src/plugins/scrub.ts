/** Anything with the outline of a fiscal code, in either case. */
const FISCAL_CODE = /\b[A-Z]{6}[\dLMNP-V]{2}[A-Z][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]\b/gi;

/** The text without fiscal codes, which refusals of a wrong operation or variable quote. */
export function scrub(text: string): string {
  return text.replace(FISCAL_CODE, '[fiscal code]');
}
