/** Ids, fiscal codes, URLs, addresses and titles: data that no metric and no span may contain. */
export const PERSONAL_DATA = [
  /[0-9A-HJKMNP-TV-Z]{26}/, // ULID
  /[\da-f]{8}-[\da-f]{4}-/i, // UUID
  /[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]/i, // fiscal code
  /https?:|sig=|@/,
  /Contratti|Documento|Segreto/,
];
