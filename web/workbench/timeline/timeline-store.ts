import type { Messages } from '../language/messages.ts';
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

/** A new status of the signature request. */
export interface StatusItem {
  readonly kind: 'status';
  readonly id: number;
  readonly at: Date;
  readonly status: string;
  readonly reason?: string | undefined;
}

export type SandboxAction = keyof Messages['sandboxActions'];

/** Something that the user did in the sandbox. */
export interface ActionItem {
  readonly kind: 'sandbox';
  readonly id: number;
  readonly at: Date;
  readonly action: SandboxAction;
  /** In the language in which the page shows it. */
  readonly detail?: ((text: Messages) => string | undefined) | undefined;
}

export type TimelineItem = OperationItem | StatusItem | ActionItem;
type NewItem = { [Item in TimelineItem as Item['kind']]: Omit<Item, 'id' | 'at'> };

const MAX_ITEMS = 200;
export const timeline = createSubject<readonly TimelineItem[]>([]);
let lastId = 0;

export function addItem(item: NewItem[keyof NewItem]): number {
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
