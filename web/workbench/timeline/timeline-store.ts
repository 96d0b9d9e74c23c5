import { control } from '../sandbox/control.ts';
import type { JournalEntry } from '../sandbox/control.ts';
import { createSubject } from '../subject.ts';

/** A file of an operation, by the path of its variable. */
export interface SentFile {
  readonly path: string;
  readonly name: string;
  readonly size: number;
}

/** A GraphQL operation that the page sent. */
export interface OperationItem {
  readonly kind: 'operation';
  readonly id: number;
  readonly at: Date;
  readonly name: string;
  readonly query: string;
  /** Without files, which are null. */
  readonly variables: unknown;
  readonly files: readonly SentFile[];
  readonly isRunning: boolean;
  readonly milliseconds?: number;
  readonly answer?: unknown;
  /** The type of the result, or the code of a top-level error. */
  readonly outcome?: string;
  readonly failed?: boolean;
  /** The calls to the service that the operation took. */
  readonly calls: readonly JournalEntry[];
}

/** A new status of the signature request, or an action in the sandbox. */
export interface EventItem {
  readonly kind: 'status' | 'sandbox';
  readonly id: number;
  readonly at: Date;
  /** A status, or the text of the action. */
  readonly text: string;
  readonly detail?: string | undefined;
}

export type TimelineItem = OperationItem | EventItem;

const MAX_ITEMS = 200;
export const timeline = createSubject<readonly TimelineItem[]>([]);
let lastId = 0;

export function addItem(item: Omit<OperationItem, 'id' | 'at'> | Omit<EventItem, 'id' | 'at'>): number {
  lastId += 1;
  timeline.set([{ ...item, id: lastId, at: new Date() }, ...timeline.get()].slice(0, MAX_ITEMS));
  return lastId;
}

export function updateOperation(id: number, changes: Partial<OperationItem>): void {
  timeline.set(
    timeline
      .get()
      .map((item) => (item.id === id && item.kind === 'operation' ? { ...item, ...changes } : item)),
  );
}

export function removeItem(id: number): void {
  timeline.set(timeline.get().filter((item) => item.id !== id));
}

export const clearTimeline = (): void => timeline.set([]);

let lastSeq = 0;

/** The calls that the sandbox has received since the last reading. */
export async function newCalls(): Promise<readonly JournalEntry[]> {
  const { entries } = await control.journal(lastSeq);
  lastSeq = Math.max(lastSeq, ...entries.map(({ seq }) => seq));
  return entries;
}
