/** The queues in which work waits: the values of a metrics label. */
export const QUEUES = [
  'webhooks',
  'watched-requests',
  'polls',
  'rate-budget',
  'upload-bulkhead',
  'upload-blocks',
  'inspections',
  'idempotency',
] as const;

export type QueueName = (typeof QUEUES)[number];

/**
 * How long, in milliseconds, the oldest item has been due without being processed; 0 without items. Called when metrics
 * are read. It throws or rejects when this is unknown.
 */
export type OldestDue = () => number | Promise<number>;

/** The liveness of the queues of one gateway. Several may share a name, such as those of each tenant. */
export class Queues {
  readonly #reports = new Map<QueueName, OldestDue[]>();

  add(name: QueueName, oldestDueMs: OldestDue): void {
    this.#reports.set(name, [...(this.#reports.get(name) ?? []), oldestDueMs]);
  }

  /** The oldest item of all queues with that name. @returns undefined when one of them does not know */
  async oldestDueMs(name: QueueName): Promise<number | undefined> {
    try {
      return Math.max(0, ...(await Promise.all((this.#reports.get(name) ?? []).map((report) => report()))));
    } catch {
      return undefined;
    }
  }
}
