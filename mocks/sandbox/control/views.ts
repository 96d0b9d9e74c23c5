import type { WaitingRequest } from '../model/citizen.ts';
import type { ActiveFault } from '../faults/faults.ts';
import type { JournalEntry } from '../journal/journal-entry.ts';
import type { Violation } from '../journal/recorder.ts';
import type { components } from './openapi.d.ts';

type Schemas = components['schemas'];

export function waitingView({ documents, expiresAt, ...request }: WaitingRequest): Schemas['WaitingRequest'] {
  return {
    ...request,
    documents: documents.map(({ id, title, clauses }) => ({
      id,
      title,
      clauses: clauses.map((clause) => ({ title: clause.title, type: clause.type })),
    })),
    expiresAt: expiresAt.toISOString(),
  };
}

export function violationView(violation: Violation): Schemas['Violation'] {
  const { direction, operationId, method, path, messages } = violation;
  return {
    direction,
    ...(operationId !== undefined && { operationId }),
    method,
    path,
    messages: [...messages],
  };
}

export function faultView(active: ActiveFault): Schemas['ActiveFault'] {
  // The cast: JSON omits undefined members, which the generated type does not allow.
  return active as Schemas['ActiveFault'];
}

export function entryView(entry: JournalEntry): Schemas['JournalEntry'] {
  // The cast: as above.
  return entry as Schemas['JournalEntry'];
}
