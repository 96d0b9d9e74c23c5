import { createHash } from 'node:crypto';

/** The manifest of the documents that a module exports, in the format of `TRUSTED_DOCUMENTS`: texts by their SHA-256. */
export function documentsManifest(exported: object): string {
  // As `TypedDocumentString` is, of whichever copy of the module.
  const texts = Object.values(exported)
    .filter((value) => value instanceof String)
    .map(String);
  const entries = texts.map((text) => [createHash('sha256').update(text).digest('hex'), text]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}
