/** Reads in flight at once for one loader, so that one operation cannot take the whole connection pool. */
const MAX_IN_FLIGHT = 10;

/**
 * Loads every key by its own call, a bounded number at a time.
 * @returns values in the order of the keys; a failure is an `Error` in its key's place, as DataLoader wants it.
 */
export async function loadEach<Key, Value>(
  keys: readonly Key[],
  load: (key: Key) => Promise<Value>,
): Promise<(Value | Error)[]> {
  const results: (Value | Error)[] = [];
  const waiting = keys.entries();
  const work = async (): Promise<void> => {
    for (const [index, key] of waiting) {
      try {
        results[index] = await load(key);
      } catch (error) {
        results[index] = error instanceof Error ? error : new Error('load failed', { cause: error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(MAX_IN_FLIGHT, keys.length) }, work));
  return results;
}
