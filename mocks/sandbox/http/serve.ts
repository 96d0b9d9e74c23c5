import type { IncomingMessage, ServerResponse } from 'node:http';
import { asciiJson } from './ascii-json.ts';
import { FAULT_HEADER, parseFaultHeader } from '../faults/fault-header.ts';
import type { Ordeal } from '../faults/faults.ts';
import { isInstead, spoiled } from '../faults/injected-answer.ts';
import { InvalidFaultError } from '../faults/parse-fault.ts';
import type { JournalEntry, KeptBody } from '../journal/journal-entry.ts';
import { keepBody } from '../journal/journal-entry.ts';
import type { OpenJournal } from '../journal/journal.ts';
import { maskFiscalCodes } from './mask.ts';
import { breakOff, deliver } from './wire-answer.ts';
import type { Ending, WireAnswer } from './wire-answer.ts';

/** The result of a call, before it is sent. */
export interface Served {
  readonly operationId: string | undefined;
  /** Undefined if the connection is reset instead, or the client has disconnected. */
  readonly answer: WireAnswer | undefined;
  /** Whether the body of the response is a file. */
  readonly isFile?: boolean;
  readonly fault: Ordeal['fault'];
  /** Ids of all faults that fired. */
  readonly faults: readonly string[];
  readonly violations: JournalEntry['violations'];
  readonly requestBody: KeptBody | undefined;
}

/** A response header with the contract violations of the request. */
const VIOLATIONS_HEADER = 'x-sandbox-violations';
/** Clients limit the total size of headers to 8 or 16 KiB. */
const MAX_VIOLATIONS_LENGTH = 2_048;

/**
 * Serves a call from its arrival to its end: runs `work`, applies faults to the response and sends it. Every call gets an
 * entry in the journal.
 *
 * @param work receives a signal that aborts when the client disconnects
 * @throws the error of `work`, unless the client disconnected before the end of its body
 */
export async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { journal, url, operationId }: { journal: OpenJournal; url: URL; operationId?: string | undefined },
  work: (left: AbortSignal) => Promise<Served>,
): Promise<void> {
  const call = journal.receive(request.method ?? '', url);
  const left = leavingOf(response);
  let served: Served = { ...NOTHING, operationId };
  const onEnd = (ended: Ending): void => {
    const { answer, isFile = false, faults, violations, requestBody } = served;
    call.end({
      operationId: served.operationId,
      status: answer?.status,
      ended,
      violations,
      faults,
      requestBody,
      responseBody: keepBody(answer?.body, isFile),
    });
  };

  try {
    served = misunderstoodHeader(request) ?? (await work(left));
  } catch (error) {
    // The client disconnected before the end of its body, so no response can be sent.
    if (request.destroyed && !request.complete) return onEnd('aborted');
    onEnd('reset');
    throw error;
  }
  if (left.aborted) return onEnd('aborted');
  const { answer, fault } = served;
  if (answer === undefined) return breakOff({ request, onEnd });
  const spoiling = isInstead(fault) ? undefined : fault;
  served = { ...served, answer: spoiled(withOwnHeaders(answer, served), spoiling) };
  await deliver(served.answer ?? answer, { request, response, fault: spoiling, left, onEnd });
}

const NOTHING: Served = {
  operationId: undefined,
  answer: undefined,
  fault: undefined,
  faults: [],
  violations: { request: [], response: [] },
  requestBody: undefined,
};

/** An invalid fault header is an error: if it were ignored, a typing error would look like a success. */
function misunderstoodHeader(request: IncomingMessage): Served | undefined {
  const header = request.headers[FAULT_HEADER];
  try {
    parseFaultHeader(header?.toString(), undefined);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidFaultError)) throw error;
    const body = {
      title: `Invalid header ${FAULT_HEADER}`,
      status: 400,
      detail: error.message,
    };
    const headers = { 'content-type': 'application/problem+json' };
    return { ...NOTHING, answer: { status: 400, headers, body: JSON.stringify(body) } };
  }
}

function withOwnHeaders(answer: WireAnswer, { faults, violations }: Served): WireAnswer {
  if (faults.length + violations.request.length === 0) return answer;
  return {
    ...answer,
    headers: {
      ...answer.headers,
      ...(faults.length > 0 && { [FAULT_HEADER]: faults.join(', ') }),
      ...(violations.request.length > 0 && {
        [VIOLATIONS_HEADER]: asciiJson(violations.request.map(maskFiscalCodes), MAX_VIOLATIONS_LENGTH),
      }),
    },
  };
}

/** Aborted if the connection closes before the response is complete. */
function leavingOf(response: ServerResponse): AbortSignal {
  const leaving = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) leaving.abort();
  });
  return leaving.signal;
}
