/** Something that a client of the service could see and that the sandbox does not do, or does otherwise. */
export interface NotImitated {
  readonly what: string;
  readonly why: string;
}

export const NOT_IMITATED: readonly NotImitated[] = [
  {
    what: 'Webhooks',
    why: 'The service does not have them yet: no wire format and no signature is settled.',
  },
  {
    what: 'The back office: institutions, keys and their testers are not managed through an API of the service',
    why: 'The sandbox has its own control API for it.',
  },
  {
    what: 'GET /info and the internal endpoints',
    why: 'They are not reachable through the gateway of the service: 404 here as there.',
  },
  {
    what: 'Lists of a key that are up to 60 s old',
    why: 'A change through the control API counts at once; a test would only wait.',
  },
  {
    what: 'Writes that overwrite each other: a notification that overlaps a cancellation can undo it in the service',
    why: 'Calls are handled one at a time, so that runs repeat.',
  },
  {
    what: '422 of a list when a stored record cannot be read any more',
    why: 'Records here are never of an older form, and one that the service writes but cannot read back, a 500, is not kept.',
  },
  {
    what: 'Failures of the database, of the queues and of IO that come by themselves',
    why: 'They come when asked for: faults and magic values give each of their answers.',
  },
  {
    what: 'Messages to the citizen: text, consent, attachments after the signature',
    why: 'Only what the issuer sees of them, the id of the message or a refusal.',
  },
  {
    what: 'A qualified signature',
    why: 'Signed files carry a visible mark and say that it is none. PAdES needs a certificate of a trust provider.',
  },
  {
    what: 'The host of QR codes and of stored files',
    why: 'They lead to the sandbox. The link inside the QR code is that of the service.',
  },
  {
    what: 'A UUID of the tokenizer',
    why: 'Signer ids are UUIDs made from the fiscal code, the same in every sandbox.',
  },
  {
    what: 'Continuation tokens of Cosmos DB',
    why: 'Ours look alike and must be encoded alike, but hold a position.',
  },
  {
    what: 'HTTPS: the account of the service refuses plain http with 400 AccountRequiresHttps',
    why: 'The sandbox speaks plain http on a local port.',
  },
  {
    what: 'Operations of Azure Blob Storage that an upload URL allows besides (Get Block List, Set Blob Properties, Set Blob Metadata, Append Block, Snapshot Blob, leases, tags)',
    why: 'No client of the service needs them: 400 InvalidQueryParameterValue.',
  },
  {
    what: 'Conditions by time, CRC64, customer keys, tiers and metadata headers of Azure Blob Storage',
    why: 'They are ignored. If-Match, If-None-Match, ranges and MD5 are imitated.',
  },
  {
    what: 'The limit of 5,000 MiB for one Put Blob, and of 50,000 blocks',
    why: 'Files are kept in memory.',
  },
  {
    what: 'Where the manual contradicts the published document (rejected_reason, WAITING_FOR_SIGNATURE, is_valid as text, flat unique_name)',
    why: 'The profile documented follows the published document.',
  },
  {
    what: 'Parts of validate-document as they are published (a form field signature_fields) or in the manual (a part named fields), in the profile documented',
    why: 'Names of parts do not count in either profile; a client has to send a file part of application/json.',
  },
  {
    what: '400 for an id of a wrong form, in the profile documented',
    why: 'The published document has no form for ids: any text of a character or more is one, unknown ones are a 404.',
  },
  {
    what: 'The maximum of 75 characters for the title of a dossier',
    why: 'An older edition of the manual has it, neither the published document nor the service.',
  },
  {
    what: 'Rules of the published document that bind the client more than the service does, in the profile documented: one kind of attrs only, no violations member',
    why: 'Clients that follow the document do not notice.',
  },
];
