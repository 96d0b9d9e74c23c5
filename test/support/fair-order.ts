interface QueuedCall {
  readonly caller: string;
  readonly enteredAt: number;
}

/** Checks a fair queue: one caller is served in order, and no caller is served twice while another waits. */
export class FairOrder {
  readonly #waiting = new Set<QueuedCall>();
  readonly #served = new Map<string, number>();
  readonly #faults: string[];
  #count = 0;

  constructor(faults: string[]) {
    this.#faults = faults;
  }

  /** A caller queues until it is served, or until the signal is aborted. */
  enter(caller: string, signal: AbortSignal): { readonly served: () => void; readonly refused: () => void } {
    const call: QueuedCall = { caller, enteredAt: (this.#count += 1) };
    const leave = (): void => {
      this.#waiting.delete(call);
      signal.removeEventListener('abort', leave);
    };
    this.#waiting.add(call);
    signal.addEventListener('abort', leave);
    return {
      refused: leave,
      served: () => {
        leave();
        this.#check(call);
        this.#served.set(caller, (this.#count += 1));
      },
    };
  }

  #check({ caller, enteredAt }: QueuedCall): void {
    const lastOf = (name: string): number => this.#served.get(name) ?? 0;
    for (const other of this.#waiting) {
      if (other.caller === caller) {
        if (other.enteredAt < enteredAt) this.#faults.push(`${caller} is served out of order`);
      } else if (other.enteredAt < lastOf(caller) && lastOf(other.caller) < lastOf(caller))
        this.#faults.push(`${caller} is served twice while ${other.caller} waits`);
    }
  }
}
