/**
 * 6 letters, 2 digits, a month letter, 2 digits, a letter, 3 digits, a letter; each digit may be one of
 * L M N P Q R S T U V instead (omocodia). Upper case; the check character is not tested, as the service does not.
 */
export const FISCAL_CODE = /^[A-Z]{6}[\dLMNP-V]{2}[ABCDEHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]$/;
