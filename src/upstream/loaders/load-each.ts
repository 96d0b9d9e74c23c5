/** Reads in flight at once for one loader, so that one operation cannot take the whole connection pool. */
const MAX_IN_FLIGHT = 10;

/**
 * A batch function that loads every key by its own call. However many batches there are at the same time, of all their
 * calls a bounded number is under way; the others wait in the order in which they came.
 * @returns for each batch its values in the order of the keys; a failure is an `Error` in its key's place, as DataLoader
 * wants it.
 */
export function loadEach<Key, Value>(
  load: (key: Key) => Promise<Value>,
): (keys: readonly Key[]) => Promise<(Value | Error)[]> {
  const waiting: (() => void)[] = [];
  let inFlight = 0;

  const loadOne = async (key: Key): Promise<Value | Error> => {
    if (inFlight >= MAX_IN_FLIGHT) await new Promise<void>((resolve) => waiting.push(resolve));
    else inFlight += 1;
    try {
      return await load(key);
    } catch (error) {
      return error instanceof Error ? error : new Error('load failed', { cause: error });
    } finally {
      // Whoever is next takes the place over.
      const next = waiting.shift();
      if (next === undefined) inFlight -= 1;
      else next();
    }
  };
  return (keys) => Promise.all(keys.map(loadOne));
}
