/** Visible behaviour of the service that the sandbox omits or changes. */
export interface NotImitated {
  readonly what: string;
  readonly why: string;
}

export const NOT_IMITATED: readonly NotImitated[] = [
  {
    what: 'Webhooks',
    why: 'The service does not have them yet, so their format and signature are unknown.',
  },
  {
    what: 'The back office, which manages institutions, keys and testers',
    why: 'The service has no API for it. The sandbox has its control API.',
  },
  {
    what: 'GET /info and the internal endpoints',
    why: 'The API gateway of the service does not expose them: 404 in the sandbox as well.',
  },
  {
    what: 'Caching of the testers and IP ranges of a key for up to 60 s',
    why: 'Changes through the control API apply at once, so that tests need not wait.',
  },
  {
    what: 'Lost updates: in the service, a notification that overlaps a cancellation can undo it',
    why: 'The sandbox processes calls one at a time, so that runs are reproducible.',
  },
  {
    what: '422 of a list if a stored record cannot be decoded',
    why: 'The sandbox has no records in an older format, and does not store a record that the service cannot read back (500).',
  },
  {
    what: 'Spontaneous failures of the database, the queues and IO',
    why: 'Faults and magic values produce each of their responses on demand.',
  },
  {
    what: 'Messages to the citizen: text, consent, attachments after the signature',
    why: 'The issuer sees only the id of the message or an error.',
  },
  {
    what: 'A qualified signature',
    why: 'Signed files have a visible mark and a notice that it is not a qualified signature. PAdES requires a certificate of a trust provider.',
  },
  {
    what: 'The host of QR codes and of stored files',
    why: 'Their URLs point to the sandbox. The link inside the QR code is that of the service.',
  },
  {
    what: 'UUIDs of the tokenizer',
    why: 'Signer ids are UUIDs derived from the fiscal code, the same in every sandbox.',
  },
  {
    what: 'Continuation tokens of Cosmos DB',
    why: 'Tokens of the sandbox look the same and need the same encoding, but contain a position.',
  },
  {
    what: 'HTTPS: the storage account of the service refuses plain HTTP with 400 AccountRequiresHttps',
    why: 'The sandbox uses plain HTTP on a local port.',
  },
  {
    what: 'Other operations of Azure Blob Storage that an upload URL allows (Get Block List, Set Blob Properties, Set Blob Metadata, Append Block, Snapshot Blob, leases, tags)',
    why: 'Clients of the service do not need them: 400 InvalidQueryParameterValue.',
  },
  {
    what: 'Time conditions, CRC64, customer-provided keys, tiers and metadata headers of Azure Blob Storage',
    why: 'They are ignored. If-Match, If-None-Match, ranges and MD5 are imitated.',
  },
  {
    what: 'The limit of 5,000 MiB for one Put Blob, and of 50,000 blocks',
    why: 'The sandbox stores files in memory.',
  },
  {
    what: 'Statements of the manual that contradict the published document (rejected_reason, WAITING_FOR_SIGNATURE, is_valid as text, flat unique_name)',
    why: 'The profile `documented` follows the published document.',
  },
  {
    what: 'In the profile `documented`, the parts of validate-document as published (a form field signature_fields) or in the manual (a part named fields)',
    why: 'Both profiles ignore the names of parts: a client must send a file part of type application/json.',
  },
  {
    what: 'In the profile `documented`, 400 for an id of an invalid format',
    why: 'The published document has no format for ids: every non-empty text is valid, and an unknown id is a 404.',
  },
  {
    what: 'The maximum of 75 characters for the title of a dossier',
    why: 'An older edition of the manual has it, but not the published document or the service.',
  },
  {
    what: 'In the profile `documented`, rules of the published document that are stricter than the service: one kind of attrs only, no violations member',
    why: 'They do not affect clients that follow the document.',
  },
];
