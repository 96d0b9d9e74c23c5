/** Controls (C0, DEL, C1), ends of lines, and marks that turn the order of letters round. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * The text with escapes of JSON for whatever a terminal would obey, or a reader of logs take for the end of a line. In
 * strings of JSON they mean the same; and JSON lets most of them pass.
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
