import { setTimeout as pause } from 'node:timers/promises';
import type { IdempotencyStore } from './store.ts';

/** Ids whose owner the store could not be told. */
const MAX_UNSAVED = 10_000;

export interface OwnersOptions {
  readonly store: IdempotencyStore;
  /** How often the store is told again what it could not be told. */
  readonly retryMs: number;
  /** How long other gateways may take to tell the store what they could not tell it. */
  readonly catchUpMs: number;
}

/**
 * Which key has made what, or that a call without a key has. An owner that the store cannot be told is kept here until it
 * can, so no key of this gateway takes what was made while the store was gone.
 */
export class Owners {
  readonly #options: OwnersOptions;
  readonly #closing = new AbortController();
  readonly #unsaved = new Map<string, string>();
  #isRetrying = false;
  /** By `performance.now()`. What others did while this process was not there yet is not known to it. */
  #troubledAt = performance.now();

  constructor(options: OwnersOptions) {
    this.#options = options;
  }

  /**
   * Notes that what has this id is the work of that key, which has just been given it by the service. Never fails.
   * @returns false when another key has taken it meanwhile.
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
   * Takes what was found for the work of that key.
   * @returns false when it is known to be the work of another key, or of a call without one.
   * @throws {IdempotencyUnavailableError} It is nobody's yet, as far as is known.
   */
  async take(id: string, name: string): Promise<boolean> {
    const owner = this.#unsaved.get(id);
    return owner === undefined ? this.#options.store.own(id, name) : owner === name;
  }

  /** The store could not be reached, so other gateways may not have been able to tell it what they have made. */
  noteTrouble(): void {
    this.#troubledAt = performance.now();
  }

  /** How long the store may not know of owners yet. Undefined: it knows all. */
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
    this.#closing.abort();
  }

  async #retry(): Promise<void> {
    const { signal } = this.#closing;
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
      if (this.#closing.signal.aborted) return;
      await this.#options.store.own(id, name);
      this.#unsaved.delete(id);
    }
  }
}
