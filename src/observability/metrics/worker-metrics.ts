import { AggregatorRegistry, Registry } from 'prom-client';

/** The metrics of one worker at one moment, as `Registry.getMetricsAsJSON` returns them. */
export type MetricsSnapshot = readonly { readonly type: unknown }[];

/** What can only grow, so that a worker that ends must not take it away. */
const isCumulative = ({ type }: MetricsSnapshot[number]): boolean =>
  type === 'counter' || type === 'histogram';

/**
 * The metrics of all workers together. It keeps the last snapshot of each worker: for one that does not answer, and for the
 * counters of one that has ended.
 */
export class WorkerMetrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #readers = new Map<number, () => Promise<MetricsSnapshot>>();
  readonly #last = new Map<number, MetricsSnapshot>();
  #ended: Promise<MetricsSnapshot> = Promise.resolve([]);

  /** @param read rejects if the worker does not answer in time */
  add(worker: number, read: () => Promise<MetricsSnapshot>): void {
    this.#readers.set(worker, read);
  }

  /** The worker has ended: its counts since the last `metrics` are lost. */
  remove(worker: number): void {
    const last = this.#last.get(worker)?.filter(isCumulative);
    if (last !== undefined)
      this.#ended = this.#ended.then((ended) => sumOf([ended, last]).getMetricsAsJSON());
    this.#last.delete(worker);
    this.#readers.delete(worker);
  }

  async metrics(): Promise<string> {
    await Promise.all([...this.#readers].map(([worker, read]) => this.#read(worker, read)));
    const ended = this.#ended;
    const last = [...this.#last.values()];
    return await sumOf([...last, await ended]).metrics();
  }

  async #read(worker: number, read: () => Promise<MetricsSnapshot>): Promise<void> {
    const snapshot = await read().catch(() => undefined);
    if (snapshot !== undefined && this.#readers.has(worker)) this.#last.set(worker, snapshot);
  }
}

const sumOf = (snapshots: MetricsSnapshot[]): Registry => AggregatorRegistry.aggregate(snapshots);
