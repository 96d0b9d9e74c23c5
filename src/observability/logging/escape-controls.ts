/** Control characters (C0, DEL, C1), line separators, and marks that change the text direction. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * Replaces the characters that a terminal would interpret, or a log reader would treat as a line end, by JSON escapes. JSON
 * itself escapes only some of them.
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
