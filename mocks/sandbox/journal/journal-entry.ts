import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import { maskDeep, maskFiscalCodes, maskSignatures } from '../http/mask.ts';
import { textOf } from '../http/request-body.ts';
import type { Ending } from '../http/wire-answer.ts';

/** A call that was received, API or storage. Never with headers, so never with an API key. */
export interface JournalEntry {
  /** Grows with each call received, from 1; `clear` does not start it anew. */
  readonly seq: number;
  /** When it was received, on the sandbox's clock: `2026-03-05T09:14:07.412Z`. */
  readonly time: string;
  /**
   * Of the contract, or `putBlob`, `putBlock`, `putBlockList`, `getBlob`, `deleteBlob` for the storage. Undefined when
   * no operation has this path and method, or the call broke off before it was known.
   */
  readonly operationId: string | undefined;
  readonly method: string;
  readonly path: string;
  /** Signatures are masked. */
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  /** What the call was answered with, also when the answer was lost; undefined when there was none. */
  readonly status: number | undefined;
  readonly ended: Ending;
  /** Real time. */
  readonly durationMs: number;
  /**
   * What the contract has against the call and against its answer; both empty for a good one. `fields were ignored` warns
   * of a call that was answered 200 although the service did not read all of it.
   */
  readonly violations: { readonly request: readonly string[]; readonly response: readonly string[] };
  /** Ids of the faults that fired, or their text in the `x-sandbox-fault` header. */
  readonly faults: readonly string[];
  /** Undefined when there was none. */
  readonly requestBody: RecordedBody | undefined;
  readonly responseBody: RecordedBody | undefined;
}

/**
 * A body: JSON as its value, other text as it is, and all else, also what is longer than 64 KiB or nested more than 200 deep, as its size and digest.
 * Without a digest it has been forgotten to save memory.
 */
export type RecordedBody =
  | { readonly json: unknown }
  | { readonly text: string }
  | { readonly bytes: number; readonly sha256?: string };

/** A body as it is kept: text, signatures masked, or what it was. */
export type KeptBody = string | { readonly bytes: number; readonly sha256?: string };

/** An entry as it is kept. */
export interface KeptEntry extends Omit<JournalEntry, 'requestBody' | 'responseBody'> {
  readonly requestBody: KeptBody | undefined;
  readonly responseBody: KeptBody | undefined;
}

const MAX_TEXT_BYTES = 64 * 1_024;
/** The check of the control API is recursive, and so may be a reader of the journal. */
const MAX_DEPTH = 200;

/** @param binary true for what is not to be read even if it could be, such as files */
export function keepBody(body: Buffer | string | undefined, binary: boolean): KeptBody | undefined {
  if (body === undefined || body.length === 0) return undefined;
  const bytes = Buffer.byteLength(body);
  if (!binary && bytes <= MAX_TEXT_BYTES && (typeof body === 'string' || isUtf8(body))) {
    const text = typeof body === 'string' ? body : textOf(body);
    if (depthOf(text) <= MAX_DEPTH) return maskSignatures(text);
  }
  return { bytes, sha256: createHash('sha256').update(body).digest('hex') };
}

/** How deeply brackets are nested, those in strings included: near enough to tell what would overflow a stack. */
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

/** @param unmasked leaves fiscal codes as they are; signatures are gone for good */
export function entryView(entry: KeptEntry, unmasked: boolean): JournalEntry {
  const view = {
    ...entry,
    requestBody: bodyView(entry.requestBody),
    responseBody: bodyView(entry.responseBody),
  };
  if (unmasked) return view;
  return {
    ...view,
    path: maskFiscalCodes(view.path),
    // The two casts: masking changes texts and leaves shapes as they are.
    query: maskDeep(view.query) as JournalEntry['query'],
    violations: maskDeep(view.violations) as JournalEntry['violations'],
    requestBody: maskedBody(view.requestBody),
    responseBody: maskedBody(view.responseBody),
  };
}

function bodyView(body: KeptBody | undefined): RecordedBody | undefined {
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
