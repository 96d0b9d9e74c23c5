import { AsyncLocalStorage } from 'node:async_hooks';
import type { Random } from '../model/random.ts';
import type { AlteringFault, Behaviour, CallFault, Fault, LatencyFault, ReplacingFault } from './fault.ts';
import { parseFault } from './parse-fault.ts';

/** The faults of one sandbox. */
export interface Faults {
  /**
   * Adds a fault after the existing ones and returns its id.
   * @throws InvalidFaultError
   */
  add(fault: Fault): string;
  /** The active faults, oldest first. */
  list(): ActiveFault[];
  /** Removes one fault, or all. @returns the number of removed faults */
  clear(id?: string): number;
}

export interface ActiveFault {
  readonly id: string;
  readonly fault: Fault;
  /** Matching occasions so far. */
  readonly seen: number;
  /** How often the fault has fired. */
  readonly fired: number;
}

/** The faults that fired on one call, and their effects. */
export interface FiredFaults {
  /** Ids of the faults, in order. */
  readonly ids: readonly string[];
  readonly delayMs: number;
  /** The fault that replaces or changes the response. */
  readonly fault: ReplacingFault | AlteringFault | undefined;
}

/** A fault from the header of a call. */
export interface HeaderFault {
  readonly id: string;
  readonly fault: CallFault;
}

/** Plain data for snapshots. */
export interface FaultsState {
  readonly added: number;
  readonly active: readonly ActiveFault[];
}

/** The faults of one sandbox, and the decision whether they fire. */
export class FaultRegistry implements Faults {
  readonly #random: Random;
  #active: ActiveFault[] = [];
  #added = 0;
  /** Ids of the behaviours that fired during the current call. */
  readonly #firedBehaviours = new AsyncLocalStorage<string[]>();

  constructor(random: Random) {
    this.#random = random;
  }

  add(given: Fault): string {
    const fault = parseFault(given);
    this.#added += 1;
    const id = `fault-${this.#added}`;
    this.#active.push({ id, fault, seen: 0, fired: 0 });
    return id;
  }

  list(): ActiveFault[] {
    return [...this.#active];
  }

  clear(id?: string): number {
    const before = this.#active.length;
    this.#active = id === undefined ? [] : this.#active.filter((other) => other.id !== id);
    return before - this.#active.length;
  }

  /**
   * Fires the faults that match a call: latencies, up to the first fault of another kind.
   * @param headerFaults faults from the header of this call, which come first
   */
  fire(operation: string, headerFaults: readonly HeaderFault[]): FiredFaults {
    const ids: string[] = [];
    let delayMs = 0;
    const matching = this.#active.filter(({ fault }) => matches(fault, operation));
    for (const candidate of [...headerFaults, ...matching]) {
      const { id, fault } = candidate;
      if (isBehaviour(fault) || ('seen' in candidate && !this.#fires(candidate))) continue;
      ids.push(id);
      if (fault.kind !== 'latency') return { ids, delayMs, fault };
      delayMs += delayOf(fault, this.#random);
    }
    return { ids, delayMs, fault: undefined };
  }

  /** Whether a behaviour fires on this occasion. If so, its id is recorded for the current call. */
  occurs(kind: Behaviour['kind']): boolean {
    const first = this.#active
      .filter(({ fault }) => fault.kind === kind)
      .find((active) => this.#fires(active));
    if (first === undefined) return false;
    this.#firedBehaviours.getStore()?.push(first.id);
    return true;
  }

  /** Runs the handler of a call and adds the ids of behaviours that fire meanwhile to `ids`. */
  recordBehaviours<T>(ids: string[], handler: () => T): T {
    return this.#firedBehaviours.run(ids, handler);
  }

  state(): FaultsState {
    return { added: this.#added, active: [...this.#active] };
  }

  restore({ added, active }: FaultsState): void {
    this.#added = added;
    this.#active = [...active];
  }

  /** Counts an occasion and returns whether the fault fires on it. */
  #fires({ id }: ActiveFault): boolean {
    const index = this.#active.findIndex((other) => other.id === id);
    const active = this.#active[index];
    if (active === undefined) return false;
    const { nth = 1, probability = 1, count = active.fault.nth === undefined ? Infinity : 1 } = active.fault;
    const seen = active.seen + 1;
    // A random number is drawn only if it decides, so that other faults do not change the sequence.
    const hit = seen >= nth && (probability === 1 || this.#random.next() < probability);
    const fired = active.fired + (hit ? 1 : 0);
    if (fired >= count) this.#active.splice(index, 1);
    else this.#active[index] = { ...active, seen, fired };
    return hit;
  }
}

function matches(fault: Fault, operation: string): boolean {
  if (isBehaviour(fault)) return false;
  const { operation: own = '*' } = fault;
  return own === '*' || own === operation;
}

function isBehaviour(fault: Fault): fault is Behaviour {
  switch (fault.kind) {
    case 'validation-never-finishes':
    case 'copy-fails':
    case 'never-waits-for-signature':
    case 'back-office-outage':
    case 'tokenizer-limit':
    case 'queue-outage':
    case 'notification-not-recorded':
    case 'empty-last-page':
    case 'cancel-loses-race':
      return true;
    default:
      return false;
  }
}

function delayOf({ ms, jitterMs = 0 }: LatencyFault, random: Random): number {
  return ms + (jitterMs === 0 ? 0 : random.next() * jitterMs);
}
