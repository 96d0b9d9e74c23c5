import { AsyncLocalStorage } from 'node:async_hooks';
import type { Random } from '../model/random.ts';
import type { Behaviour, CallFault, Fault, InsteadFault, LatencyFault, SpoilingFault } from './fault.ts';
import { parseFault } from './parse-fault.ts';

/** The faults of one sandbox. */
export interface Faults {
  /**
   * Puts a fault behind the others and returns its id.
   * @throws InvalidFaultError
   */
  add(fault: Fault): string;
  /** The faults that can still fire, oldest first. */
  list(): ActiveFault[];
  /** Drops one fault, or all. @returns how many there were */
  clear(id?: string): number;
}

export interface ActiveFault {
  readonly id: string;
  readonly fault: Fault;
  /** Occasions so far. */
  readonly seen: number;
  /** Times it has fired. */
  readonly fired: number;
}

/** What one call meets. */
export interface Ordeal {
  /** Of the faults that fired, in order. */
  readonly ids: readonly string[];
  readonly delayMs: number;
  readonly fault: InsteadFault | SpoilingFault | undefined;
}

/** The faults as the sandbox itself sees them. */
export interface FaultRegistry extends Faults {
  /**
   * Lets the faults that fit a call fire: latencies, until the first of another kind.
   * @param own faults of this call alone, which come first
   */
  meet(operation: string, own: readonly OwnFault[]): Ordeal;
  /** Whether a behaviour fires on this occasion. The call that is being handled is marked with it. */
  occurs(kind: Behaviour['kind']): boolean;
  /** Does the work of a call and adds the ids of the behaviours that fire on the way to `ids`. */
  marking<T>(ids: string[], work: () => T): T;
  state(): FaultsState;
  restore(state: FaultsState): void;
}

/** A fault that a call brings along. */
export interface OwnFault {
  readonly id: string;
  readonly fault: CallFault;
}

/** Plain data, to be kept and come back to. */
export interface FaultsState {
  readonly added: number;
  readonly active: readonly ActiveFault[];
}

export function createFaults(random: Random): FaultRegistry {
  let active: ActiveFault[] = [];
  let added = 0;
  const marked = new AsyncLocalStorage<string[]>();

  /** Counts an occasion and says whether the fault fires on it. */
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
    // The dice are thrown only where they decide, so that other faults do not change an outcome.
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
