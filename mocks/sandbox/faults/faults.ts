import { AsyncLocalStorage } from 'node:async_hooks';
import type { Random } from '../model/random.ts';
import type { Behaviour, CallFault, Fault, InsteadFault, LatencyFault, SpoilingFault } from './fault.ts';
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

/** The effects of faults on one call. */
export interface Ordeal {
  /** Ids of the faults that fired, in order. */
  readonly ids: readonly string[];
  readonly delayMs: number;
  readonly fault: InsteadFault | SpoilingFault | undefined;
}

/** The internal interface of the faults. */
export interface FaultRegistry extends Faults {
  /**
   * Fires the faults that match a call: latencies, up to the first fault of another kind.
   * @param own faults from the header of this call, which come first
   */
  meet(operation: string, own: readonly OwnFault[]): Ordeal;
  /** Whether a behaviour fires on this occasion. If so, its id is recorded for the current call. */
  occurs(kind: Behaviour['kind']): boolean;
  /** Runs the handler of a call and adds the ids of behaviours that fire meanwhile to `ids`. */
  marking<T>(ids: string[], work: () => T): T;
  state(): FaultsState;
  restore(state: FaultsState): void;
}

/** A fault from the header of a call. */
export interface OwnFault {
  readonly id: string;
  readonly fault: CallFault;
}

/** Plain data for snapshots. */
export interface FaultsState {
  readonly added: number;
  readonly active: readonly ActiveFault[];
}

export function createFaults(random: Random): FaultRegistry {
  let active: ActiveFault[] = [];
  let added = 0;
  const marked = new AsyncLocalStorage<string[]>();

  /** Counts an occasion and returns whether the fault fires on it. */
  function fires({ id }: ActiveFault): boolean {
    const index = active.findIndex((other) => other.id === id);
    const present = active[index];
    if (present === undefined) return false;
    const {
      nth = 1,
      probability = 1,
      count = present.fault.nth === undefined ? Infinity : 1,
    } = present.fault;
    const seen = present.seen + 1;
    // A random number is drawn only if it decides, so that other faults do not change the sequence.
    const hit = seen >= nth && (probability === 1 || random.next() < probability);
    const fired = present.fired + (hit ? 1 : 0);
    if (fired >= count) active.splice(index, 1);
    else active[index] = { ...present, seen, fired };
    return hit;
  }

  return {
    add(given) {
      const fault = parseFault(given);
      added += 1;
      const id = `fault-${added}`;
      active.push({ id, fault, seen: 0, fired: 0 });
      return id;
    },
    list: () => [...active],
    clear(id) {
      const before = active.length;
      active = id === undefined ? [] : active.filter((other) => other.id !== id);
      return before - active.length;
    },
    meet(operation, own) {
      const ids: string[] = [];
      let delayMs = 0;
      const fitting = active.filter(({ fault }) => fits(fault, operation));
      for (const candidate of [...own, ...fitting]) {
        const { id, fault } = candidate;
        if (isBehaviour(fault) || ('seen' in candidate && !fires(candidate))) continue;
        ids.push(id);
        if (fault.kind !== 'latency') return { ids, delayMs, fault };
        delayMs += delayOf(fault, random);
      }
      return { ids, delayMs, fault: undefined };
    },
    occurs(kind) {
      const first = active.filter(({ fault }) => fault.kind === kind).find(fires);
      if (first === undefined) return false;
      marked.getStore()?.push(first.id);
      return true;
    },
    marking: (ids, work) => marked.run(ids, work),
    state: () => ({ added, active: [...active] }),
    restore(state) {
      added = state.added;
      active = [...state.active];
    },
  };
}

function fits(fault: Fault, operation: string): boolean {
  if (isBehaviour(fault)) return false;
  const { operation: wanted = '*' } = fault;
  return wanted === '*' || wanted === operation;
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
