/**
 * A JSON array of texts for a header: ASCII only, at most `maxLength` characters. The last element counts the omitted
 * texts.
 */
export function asciiJson(texts: readonly string[], maxLength: number): string {
  const whole = ascii(texts);
  if (whole.length <= maxLength) return whole;
  for (let kept = texts.length - 1; kept >= 0; kept -= 1) {
    const cut = ascii([...texts.slice(0, kept), `and ${texts.length - kept} more`]);
    if (cut.length <= maxLength) return cut;
  }
  return '[]';
}

function ascii(texts: readonly string[]): string {
  return JSON.stringify(texts).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
