import type { IncomingMessage, ServerResponse } from 'node:http';
import { asciiJson } from './ascii-json.ts';
import { FAULT_HEADER, parseFaultHeader } from '../faults/fault-header.ts';
import type { FiredFaults } from '../faults/faults.ts';
import { replacesResponse, withAlteredBody } from '../faults/injected-answer.ts';
import { InvalidFaultError } from '../faults/parse-fault.ts';
import type { JournalEntry, StoredBody } from '../journal/journal-entry.ts';
import { storedBody } from '../journal/journal-entry.ts';
import type { CallJournal } from '../journal/journal.ts';
import { maskFiscalCodes } from './mask.ts';
import { resetConnection, deliver } from './wire-answer.ts';
import type { CallOutcome, WireAnswer } from './wire-answer.ts';

/** The result of a call, before it is sent. */
export interface ProcessedCall {
  readonly operationId: string | undefined;
  /** Undefined if the connection is reset instead, or the client has disconnected. */
  readonly answer: WireAnswer | undefined;
  /** Whether the body of the response is a file. */
  readonly isFile?: boolean;
  readonly fault: FiredFaults['fault'];
  /** Ids of all faults that fired. */
  readonly faults: readonly string[];
  readonly violations: JournalEntry['violations'];
  readonly requestBody: StoredBody | undefined;
}

/** A response header with the contract violations of the request. */
const VIOLATIONS_HEADER = 'x-sandbox-violations';
/** Clients limit the total size of headers to 8 or 16 KiB. */
const MAX_VIOLATIONS_LENGTH = 2_048;

/**
 * Serves a call from its arrival to its end: runs `handler`, applies faults to the response and sends it. Every call gets
 * an entry in the journal.
 *
 * @param handler receives a signal that aborts when the client disconnects
 * @throws the error of `handler`, unless the client disconnected before the end of its body
 */
export async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { journal, url, operationId }: { journal: CallJournal; url: URL; operationId?: string | undefined },
  handler: (disconnected: AbortSignal) => Promise<ProcessedCall>,
): Promise<void> {
  const call = journal.receive(request.method ?? '', url);
  const disconnected = disconnectSignal(response);
  let processed: ProcessedCall = { ...UNPROCESSED, operationId };
  const onEnd = (ended: CallOutcome): void => {
    const { answer, isFile = false, faults, violations, requestBody } = processed;
    call.end({
      operationId: processed.operationId,
      status: answer?.status,
      ended,
      violations,
      faults,
      requestBody,
      responseBody: storedBody(answer?.body, isFile),
    });
  };

  try {
    processed = invalidFaultHeader(request) ?? (await handler(disconnected));
  } catch (error) {
    // The client disconnected before the end of its body, so no response can be sent.
    if (request.destroyed && !request.complete) return onEnd('aborted');
    onEnd('reset');
    throw error;
  }
  if (disconnected.aborted) return onEnd('aborted');
  const { answer, fault } = processed;
  if (answer === undefined) return resetConnection({ request, onEnd });
  const alteringFault = replacesResponse(fault) ? undefined : fault;
  processed = { ...processed, answer: withAlteredBody(withOwnHeaders(answer, processed), alteringFault) };
  await deliver(processed.answer ?? answer, { request, response, fault: alteringFault, disconnected, onEnd });
}

const UNPROCESSED: ProcessedCall = {
  operationId: undefined,
  answer: undefined,
  fault: undefined,
  faults: [],
  violations: { request: [], response: [] },
  requestBody: undefined,
};

/** An invalid fault header is an error: if it were ignored, a typing error would look like a success. */
function invalidFaultHeader(request: IncomingMessage): ProcessedCall | undefined {
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
    return { ...UNPROCESSED, answer: { status: 400, headers, body: JSON.stringify(body) } };
  }
}

function withOwnHeaders(answer: WireAnswer, { faults, violations }: ProcessedCall): WireAnswer {
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
function disconnectSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
