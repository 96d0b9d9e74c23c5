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
 * The calls that a query asks for; with `waitMs` not before there is one.
 * @throws Refusal 404 when none came in time, 400 for a name that does not exist
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
      // The caller has left, or the sandbox is closing: nobody reads this.
      throw controlProblem(503, 'The wait was broken off');
    }
  }
  return journal.entries(filter);
}

/**
 * A slip of the keyboard must not pass for an answer: without its filter a query finds any call, and with an operation
 * that does not exist it proves that none was made.
 */
function refuseUnknown(query: Query): void {
  const name = Object.keys(query).find((given) => !Object.hasOwn(PARAMETERS, given));
  if (name !== undefined) {
    const known = Object.keys(PARAMETERS).join(', ');
    throw controlProblem(400, `The journal has no parameter "${name}". It has ${known}`);
  }
  const operationId = textAt(query, 'operationId');
  if (operationId !== undefined && (operationId === '*' || !isOperation(operationId))) {
    throw controlProblem(
      400,
      `There is no operation "${operationId}", neither of the API nor of the storage`,
    );
  }
}

/** Of the right form: the document was asked. */
function filterOf(query: Query): JournalFilter {
  return {
    after: numberAt(query, 'after'),
    operationId: textAt(query, 'operationId'),
    method: textAt(query, 'method'),
    path: textAt(query, 'path'),
    status: numberAt(query, 'status'),
    // One of the three, by the document.
    ended: textAt(query, 'ended') as components['schemas']['Ending'] | undefined,
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
