import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { maskDeep, maskFiscalCodes, maskSignatures } from '../http/mask.ts';
import { textOf } from '../http/request-body.ts';
import type { CallOutcome } from '../http/wire-answer.ts';

/** A completed call to the API or the storage. Headers are not recorded, so the entry has no API key. */
export interface JournalEntry {
  /** Sequence number by time of arrival, from 1. `clear` does not reset it. */
  readonly seq: number;
  /** Time of arrival on the clock of the sandbox: `2026-03-05T09:14:07.412Z`. */
  readonly time: string;
  /**
   * An operationId of the contract, or `putBlob`, `putBlock`, `putBlockList`, `getBlob` or `deleteBlob` of the storage.
   * Undefined if no operation has this path and method, or if the call was aborted before it was matched.
   */
  readonly operationId: string | undefined;
  readonly method: string;
  readonly path: string;
  /** Query parameters. Signatures are masked. */
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  /** Status of the response, also if the response was lost. Undefined if there was none. */
  readonly status: number | undefined;
  readonly ended: CallOutcome;
  /** Duration in real time. */
  readonly durationMs: number;
  /**
   * Contract violations of the request and of the response. `fields were ignored` is a warning: the service returns 200
   * although it did not read all of the request.
   */
  readonly violations: { readonly request: readonly string[]; readonly response: readonly string[] };
  /** Ids of the faults that fired, or their text from the header `x-sandbox-fault`. */
  readonly faults: readonly string[];
  /** Undefined if there was no body. */
  readonly requestBody: RecordedBody | undefined;
  readonly responseBody: RecordedBody | undefined;
}

/**
 * A body: JSON as its value, other text as text. Binary content, bodies over 64 KiB and JSON nested more than 200 levels
 * are recorded as size and digest. The digest is absent if the body was evicted to save memory.
 */
export type RecordedBody =
  | { readonly json: unknown }
  | { readonly text: string }
  | { readonly bytes: number; readonly sha256?: string };

/** A stored body: its text with masked signatures, or its size and digest. */
export type StoredBody = string | { readonly bytes: number; readonly sha256?: string };

/** A stored entry. */
export interface StoredEntry extends Omit<JournalEntry, 'requestBody' | 'responseBody'> {
  readonly requestBody: StoredBody | undefined;
  readonly responseBody: StoredBody | undefined;
}

const MAX_TEXT_BYTES = 64 * 1_024;
/** The validation of the control API and possibly clients are recursive: deeper JSON could overflow their stack. */
const MAX_DEPTH = 200;

/** @param binary true for files: their content is not recorded, even if it is text */
export function storedBody(body: Buffer | string | undefined, binary: boolean): StoredBody | undefined {
  if (body === undefined || body.length === 0) return undefined;
  const bytes = Buffer.byteLength(body);
  if (!binary && bytes <= MAX_TEXT_BYTES && (typeof body === 'string' || isUtf8(body))) {
    const text = typeof body === 'string' ? body : textOf(body);
    if (depthOf(text) <= MAX_DEPTH) return maskSignatures(text);
  }
  return { bytes, sha256: createHash('sha256').update(body).digest('hex') };
}

/** Maximum nesting of brackets. Brackets in strings count too, which is accurate enough for this limit. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** @param unmasked shows fiscal codes; signatures are masked before storage */
export function entryView(entry: StoredEntry, unmasked: boolean): JournalEntry {
  const view = {
    ...entry,
    requestBody: bodyView(entry.requestBody),
    responseBody: bodyView(entry.responseBody),
  };
  if (unmasked) return view;
  return {
    ...view,
    path: maskFiscalCodes(view.path),
    // The two casts: masking changes strings only, not the structure.
    query: maskDeep(view.query) as JournalEntry['query'],
    violations: maskDeep(view.violations) as JournalEntry['violations'],
    requestBody: maskedBody(view.requestBody),
    responseBody: maskedBody(view.responseBody),
  };
}

function bodyView(body: StoredBody | undefined): RecordedBody | undefined {
  if (typeof body !== 'string') return body;
  try {
    return { json: JSON.parse(body) };
  } catch {
    return { text: body };
  }
}

function maskedBody(body: RecordedBody | undefined): RecordedBody | undefined {
  if (body === undefined || 'bytes' in body) return body;
  return 'json' in body ? { json: maskDeep(body.json) } : { text: maskFiscalCodes(body.text) };
}
