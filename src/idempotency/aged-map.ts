interface Entry<Value> {
  readonly name: string;
  value: Value;
  older: Entry<Value> | undefined;
  newer: Entry<Value> | undefined;
}

/**
 * A map in the order of the last change, whose oldest entry is found in constant time. A `Map` keeps the same order, but an
 * iteration from its start passes all entries deleted since the last rebuild of its table.
 */
export class AgedMap<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  #oldest: Entry<Value> | undefined;
  #newest: Entry<Value> | undefined;

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): Value | undefined {
    return this.#entries.get(name)?.value;
  }

  oldest(): { readonly name: string; readonly value: Value } | undefined {
    return this.#oldest;
  }

  /** Sets a value as the newest. */
  set(name: string, value: Value): void {
    this.delete(name);
    const entry: Entry<Value> = { name, value, older: this.#newest, newer: undefined };
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    this.#entries.set(name, entry);
  }

  /** Changes a value without a change of its age. */
  replace(name: string, value: Value): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) entry.value = value;
  }

  delete(name: string): boolean {
    const entry = this.#entries.get(name);
    if (entry === undefined) return false;
    const { older, newer } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    return this.#entries.delete(name);
  }
}
