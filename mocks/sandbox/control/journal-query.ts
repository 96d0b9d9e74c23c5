import { JournalTimeoutError } from '../journal.ts';
import type { Journal, JournalFilter } from '../journal.ts';
import type { JournalEntry } from '../journal-entry.ts';
import type { components } from './openapi.d.ts';
import { controlProblem } from './problem.ts';

type Query = Readonly<Record<string, string | string[]>>;

/**
 * The calls that a query asks for; with `waitMs` not before there is one.
 * @throws Refusal 404 when none came in time
 */
export async function readJournal(
  journal: Journal,
  query: Query,
  signal: AbortSignal,
): Promise<JournalEntry[]> {
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
