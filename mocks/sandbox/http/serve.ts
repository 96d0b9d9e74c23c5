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

/** What came of a call, before it goes out. */
export interface Served {
  readonly operationId: string | undefined;
  /** Undefined when the connection breaks instead, or the caller has left. */
  readonly answer: WireAnswer | undefined;
  /** Whether the body of the answer is a file. */
  readonly isFile?: boolean;
  readonly fault: Ordeal['fault'];
  /** Ids of all the faults that fired. */
  readonly faults: readonly string[];
  readonly violations: JournalEntry['violations'];
  readonly requestBody: KeptBody | undefined;
}

/** In which an answer names what the contract has against its request. */
const VIOLATIONS_HEADER = 'x-sandbox-violations';
/** Clients refuse heads of more than 8 or 16 KiB. */
const MAX_VIOLATIONS_LENGTH = 2_048;

/**
 * Does one call from its arrival to its end: the work, then the answer as its faults will have it, with an entry in the
 * journal however it ends.
 *
 * @param work gets the signal that the caller has left
 * @throws what `work` throws, unless the caller left in the middle of its body
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
    // The caller left in the middle of its body: nobody is there to be answered.
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

/** A typing mistake in a fault that a caller orders would pass for a call that went well. */
function misunderstoodHeader(request: IncomingMessage): Served | undefined {
  const header = request.headers[FAULT_HEADER];
  try {
    parseFaultHeader(header?.toString(), undefined);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidFaultError)) throw error;
    const body = {
      title: `The sandbox does not understand ${FAULT_HEADER}`,
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

/** Aborted when the connection of an answer ends before the answer does. */
function leavingOf(response: ServerResponse): AbortSignal {
  const leaving = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) leaving.abort();
  });
  return leaving.signal;
}
