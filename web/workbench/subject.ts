import { useSyncExternalStore } from 'react';

/** A value that components outside React's tree set, and that components read with `useSubject`. */
export interface Subject<T> {
  readonly get: () => T;
  readonly set: (value: T) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

export function createSubject<T>(first: T): Subject<T> {
  const listeners = new Set<() => void>();
  let current = first;
  return {
    get: () => current,
    set: (value) => {
      current = value;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export const useSubject = <T>({ subscribe, get }: Subject<T>): T => useSyncExternalStore(subscribe, get);
