import type { StreamOptions } from './use-event-streams.ts';

/** A limit of open streams that is reached. */
export type ReachedLimit = 'of-caller' | 'of-all';

/** Counts the open streams of each client and of all. */
export interface StreamCounts {
  /** Counts one stream. @returns undefined within the limits */
  open(key: string): Promise<ReachedLimit | undefined>;
  /** A stream that was counted has ended. */
  close(key: string): void;
}

export class ProcessStreamCounts implements StreamCounts {
  readonly #limits: Pick<StreamOptions, 'maxStreams' | 'maxStreamsPerCaller'>;
  readonly #ofClient = new Map<string, number>();
  #all = 0;

  constructor(limits: Pick<StreamOptions, 'maxStreams' | 'maxStreamsPerCaller'>) {
    this.#limits = limits;
  }

  async open(key: string): Promise<ReachedLimit | undefined> {
    const { maxStreams, maxStreamsPerCaller } = this.#limits;
    const own = this.#ofClient.get(key) ?? 0;
    if (own >= maxStreamsPerCaller) return 'of-caller';
    if (this.#all >= maxStreams) return 'of-all';
    this.#all += 1;
    this.#ofClient.set(key, own + 1);
    return undefined;
  }

  close(key: string): void {
    this.#all -= 1;
    const rest = (this.#ofClient.get(key) ?? 1) - 1;
    if (rest === 0) this.#ofClient.delete(key);
    else this.#ofClient.set(key, rest);
  }
}
