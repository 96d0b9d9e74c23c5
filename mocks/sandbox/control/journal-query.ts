import { JournalTimeoutError } from '../journal/journal.ts';
import type { Journal, JournalFilter } from '../journal/journal.ts';
import type { JournalEntry } from '../journal/journal-entry.ts';
import { isOperation } from '../faults/parse-fault.ts';
import type { components, operations } from './openapi.d.ts';
import { controlProblem } from './problem.ts';

type Query = Readonly<Record<string, string | string[]>>;
type ParameterName = keyof NonNullable<operations['getJournal']['parameters']['query']>;

const PARAMETERS: Readonly<Record<ParameterName, true>> = {
  operationId: true,
  method: true,
  path: true,
  status: true,
  ended: true,
  fault: true,
  violating: true,
  after: true,
  waitMs: true,
  unmasked: true,
};

/**
 * The calls that match a query. With `waitMs`, waits for the first match.
 * @throws Refusal 404 if no call matched in time, 400 for an unknown parameter or operation
 */
export async function readJournal(
  journal: Journal,
  query: Query,
  signal: AbortSignal,
): Promise<JournalEntry[]> {
  refuseUnknown(query);
  const filter = filterOf(query);
  const timeoutMs = numberAt(query, 'waitMs');
  if (timeoutMs !== undefined) {
    try {
      await journal.waitFor(filter, { timeoutMs, signal });
    } catch (error) {
      if (error instanceof JournalTimeoutError) throw controlProblem(404, error.message);
      // The client has disconnected, or the sandbox is closing.
      throw controlProblem(503, 'The wait was aborted');
    }
  }
  return journal.entries(filter);
}

/**
 * A typing error must not give a plausible result: an ignored filter would match any call, and an unknown operation
 * would seem to prove that no call was made.
 */
function refuseUnknown(query: Query): void {
  const name = Object.keys(query).find((given) => !Object.hasOwn(PARAMETERS, given));
  if (name !== undefined) {
    const known = Object.keys(PARAMETERS).join(', ');
    throw controlProblem(400, `Unknown parameter "${name}". The parameters are ${known}`);
  }
  const operationId = textAt(query, 'operationId');
  if (operationId !== undefined && (operationId === '*' || !isOperation(operationId))) {
    throw controlProblem(
      400,
      `Unknown operation "${operationId}". Use an operationId of the API or of the storage`,
    );
  }
}

/** The values have been validated against the document. */
function filterOf(query: Query): JournalFilter {
  return {
    after: numberAt(query, 'after'),
    operationId: textAt(query, 'operationId'),
    method: textAt(query, 'method'),
    path: textAt(query, 'path'),
    status: numberAt(query, 'status'),
    // The cast: validated against the document.
    ended: textAt(query, 'ended') as components['schemas']['CallEnd'] | undefined,
    fault: textAt(query, 'fault'),
    violating: booleanAt(query, 'violating'),
    unmasked: booleanAt(query, 'unmasked'),
  };
}

function textAt(query: Query, name: string): string | undefined {
  const text = query[name];
  return typeof text === 'string' ? text : undefined;
}

function numberAt(query: Query, name: string): number | undefined {
  const text = textAt(query, name);
  return text === undefined ? undefined : Number(text);
}

function booleanAt(query: Query, name: string): boolean | undefined {
  const text = textAt(query, name);
  return text === undefined ? undefined : text === 'true';
}
