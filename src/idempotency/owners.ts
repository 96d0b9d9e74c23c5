import { setTimeout as pause } from 'node:timers/promises';
import type { IdempotencyStore } from './idempotency-store.ts';

/** Limit of ids whose owner could not be stored yet. */
const MAX_UNSAVED = 10_000;

export interface OwnersOptions {
  readonly store: IdempotencyStore;
  /** Interval at which failed writes are retried. */
  readonly retryMs: number;
  /** How long other gateways may take to store what they could not store during an outage. */
  readonly catchUpMs: number;
}

/**
 * The key that has created each object, or that a call without a key has. While the store is unavailable, owners are kept
 * here, so that no key of this gateway claims an object created during the outage.
 */
export class Owners {
  readonly #options: OwnersOptions;
  readonly #shutdown = new AbortController();
  readonly #unsaved = new Map<string, string>();
  #isRetrying = false;
  /** On the clock of `performance.now()`. Starts now, because failures before this process started are unknown to it. */
  #troubledAt = performance.now();

  constructor(options: OwnersOptions) {
    this.#options = options;
  }

  /**
   * Records that a key has just created the object with this id. Never fails.
   * @returns false if another key has claimed it meanwhile
   */
  async note(id: string, name: string): Promise<boolean> {
    this.#unsaved.set(id, name);
    for (const oldest of this.#unsaved.keys())
      if (this.#unsaved.size > MAX_UNSAVED) this.#unsaved.delete(oldest);
    try {
      const isOwn = await this.#options.store.own(id, name);
      this.#unsaved.delete(id);
      return isOwn;
    } catch {
      this.noteTrouble();
      void this.#retry();
      return true;
    }
  }

  /**
   * Claims a found object for a key.
   * @returns false if it belongs to another key, or to a call without a key
   * @throws {IdempotencyUnavailableError} Its owner is unknown.
   */
  async take(id: string, name: string): Promise<boolean> {
    const owner = this.#unsaved.get(id);
    return owner === undefined ? this.#options.store.own(id, name) : owner === name;
  }

  /** Records an outage of the store, during which other gateways may have failed to store owners. */
  noteTrouble(): void {
    this.#troubledAt = performance.now();
  }

  /** How long the store may still lack owners; undefined if it is complete. */
  get incompleteMs(): number | undefined {
    const { store, catchUpMs } = this.#options;
    const leftMs = this.#troubledAt + catchUpMs - performance.now();
    return store.isShared && leftMs > 0 ? leftMs : undefined;
  }

  /** @throws {IdempotencyUnavailableError} */
  async ownerOf(id: string): Promise<string | undefined> {
    return this.#unsaved.get(id) ?? (await this.#options.store.ownerOf(id));
  }

  close(): void {
    this.#shutdown.abort();
  }

  async #retry(): Promise<void> {
    const { signal } = this.#shutdown;
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    while (this.#unsaved.size > 0 && !signal.aborted) {
      await pause(this.#options.retryMs, undefined, { signal }).catch(() => undefined);
      await this.#saveAll().catch(() => undefined);
    }
    this.#isRetrying = false;
  }

  async #saveAll(): Promise<void> {
    for (const [id, name] of this.#unsaved) {
      if (this.#shutdown.signal.aborted) return;
      await this.#options.store.own(id, name);
      this.#unsaved.delete(id);
    }
  }
}
