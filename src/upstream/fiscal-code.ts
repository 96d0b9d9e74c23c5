/**
 * 6 letters, 2 digits, a month letter, 2 digits, a letter, 3 digits and a letter, in upper case. One of L M N P Q R S T U V
 * may replace each digit (omocodia). The check character is not verified, because the service does not verify it.
 */
export const FISCAL_CODE = /^[A-Z]{6}[\dLMNP-V]{2}[ABCDEHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]$/;
