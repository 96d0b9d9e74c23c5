import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { ReachedLimit, StreamCounts } from '../../graphql/subscriptions/stream-limits.ts';
import type { FixedWindows } from '../../http/rate-limit.ts';
import type { MetricsSnapshot } from '../../observability/metrics/start-metrics.ts';
import { Peer, PeerError } from './peer.ts';

/** What the primary counts for all workers. */
export interface SharedCounts {
  readonly requests: FixedWindows;
  readonly streams: StreamCounts;
}

/** A worker could not start. The message is for the operator. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
}

const METRICS_TIMEOUT_MS = 2_000;
/** The pause before each check of whether the worker answers, and the time that it has for that. */
const PING_MS = 5_000;
/** Failed checks in a row after which a worker is killed. One fails when the machine was suspended. */
const MAX_FAILED_PINGS = 3;

const snapshotRules: z.ZodType<MetricsSnapshot> = z.array(z.looseObject({ type: z.unknown() }));

/** A worker, as its primary sees it. */
export class WorkerProcess {
  /** A number that no other worker has or had. */
  readonly id: number;
  /** The URL of the gateway, when the worker accepts requests. Rejects with a `WorkerStartError`. */
  readonly ready: Promise<string>;
  /** The exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
  readonly #worker: Worker;
  readonly #peer: Peer;
  readonly #counts: SharedCounts;
  /** The keys of its open streams. */
  readonly #streams: string[] = [];

  constructor(env: Readonly<Record<string, string>>, counts: SharedCounts) {
    this.#worker = cluster.fork(env);
    this.#counts = counts;
    this.id = this.#worker.id;
    const ready = Promise.withResolvers<string>();
    this.#peer = new Peer(this.#worker, {
      ready: (url) => ready.resolve(url),
      failed: (mistake) => ready.reject(new WorkerStartError(mistake)),
      lease: (key) => counts.requests.lease(key),
      openStream: (key) => this.#openStream(key),
      closeStream: (key) => this.#closeStream(key),
    });
    this.ended = once(this.#worker, 'exit').then(([code, signal]: (number | string | null)[]) => {
      ready.reject(new WorkerStartError(`A worker ended while it started (${signal ?? code}). See the log.`));
      this.#release();
      return signal ?? code ?? 0;
    });
    this.ready = ready.promise;
    this.ready.catch(() => undefined); // the primary may not wait for a worker that it restarts
  }

  /** @throws {PeerError} if the worker does not answer in time */
  async metrics(): Promise<MetricsSnapshot> {
    return await this.#ask('metrics', snapshotRules, METRICS_TIMEOUT_MS);
  }

  /** Resolves when the worker, once it has started, does not answer for about half a minute, or has ended. */
  async hangs(): Promise<void> {
    await this.ready.catch(() => undefined);
    for (let failed = 0; failed < MAX_FAILED_PINGS; failed += 1) {
      await pause(PING_MS, undefined, { ref: false });
      const answers = await this.#ask('ping', z.unknown(), PING_MS).then(
        () => true,
        () => false,
      );
      if (answers) failed = -1;
    }
  }

  /** Shuts it down gracefully. See `ended`. */
  stop(): void {
    this.#peer.call('stop', '', z.unknown()).catch(() => undefined); // it has ended
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL');
  }

  async #ask<T>(method: string, result: z.ZodType<T>, timeoutMs: number): Promise<T> {
    const late = pause(timeoutMs, undefined, { ref: false }).then(() => {
      throw new PeerError('the worker does not answer');
    });
    return await Promise.race([this.#peer.call(method, '', result), late]);
  }

  async #openStream(key: string): Promise<ReachedLimit | undefined> {
    const reached = await this.#counts.streams.open(key);
    if (reached === undefined) this.#streams.push(key);
    return reached;
  }

  #closeStream(key: string): void {
    this.#streams.splice(this.#streams.indexOf(key), 1);
    this.#counts.streams.close(key);
  }

  #release(): void {
    this.#peer.close();
    for (const key of this.#streams.splice(0)) this.#counts.streams.close(key);
  }
}
