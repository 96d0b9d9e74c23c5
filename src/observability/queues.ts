/** Everything in which work waits for its turn. Values of a label of metrics. */
export const QUEUES = [
  'webhooks',
  'watched-requests',
  'polls',
  'rate-budget',
  'upload-bulkhead',
  'upload-blocks',
  'idempotency',
] as const;

export type QueueName = (typeof QUEUES)[number];

/**
 * For how many milliseconds the oldest item has been due without being worked on; 0 when there is none. Called when
 * metrics are read. It throws, or rejects, when this is unknown.
 */
export type OldestDue = () => number | Promise<number>;

/** The queues of one gateway, as far as their liveness is concerned. Several may have one name: one of each issuer, say. */
export class Queues {
  readonly #reports = new Map<QueueName, OldestDue[]>();

  add(name: QueueName, oldestDueMs: OldestDue): void {
    this.#reports.set(name, [...(this.#reports.get(name) ?? []), oldestDueMs]);
  }

  /** The oldest of all queues with that name. @returns undefined when one of them does not know. */
  async oldestDueMs(name: QueueName): Promise<number | undefined> {
    try {
      return Math.max(0, ...(await Promise.all((this.#reports.get(name) ?? []).map((report) => report()))));
    } catch {
      return undefined;
    }
  }
}
