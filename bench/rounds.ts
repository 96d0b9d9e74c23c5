/** Processor time of one unit of work in microseconds, and units per second; medians over the rounds. */
export interface Cost {
  readonly name: string;
  readonly cpuMicros: number;
  readonly perSecond: number;
}

export interface Contestant {
  readonly name: string;
  /** Runs `units` units of work. @returns their processor time in microseconds */
  readonly work: (units: number) => Promise<number>;
}

/**
 * Runs the contestants in alternation, so that other load on the machine affects all of them. It measures processor time,
 * because elapsed time depends on that load.
 */
export async function measure(
  contestants: readonly Contestant[],
  { rounds, units }: { readonly rounds: number; readonly units: number },
): Promise<Cost[]> {
  const samples = contestants.map(() => ({ cpu: [] as number[], perSecond: [] as number[] }));
  for (let round = -1; round < rounds; round += 1) {
    for (const [index, { work }] of contestants.entries()) {
      const startedAt = performance.now();
      const cpu = await work(units);
      const seconds = (performance.now() - startedAt) / 1_000;
      if (round < 0) continue; // to warm up
      samples[index]?.cpu.push(cpu / units);
      samples[index]?.perSecond.push(units / seconds);
    }
  }
  return contestants.map(({ name }, index) => ({
    name,
    cpuMicros: median(samples[index]?.cpu ?? []),
    perSecond: median(samples[index]?.perSecond ?? []),
  }));
}

/** Each cost, absolute and as a multiple of the first. */
export function printCosts(title: string, costs: readonly Cost[]): void {
  const [base] = costs;
  if (base === undefined) return;
  console.log(`\n${title.padEnd(64)}   µs CPU       x    per s`);
  for (const { name, cpuMicros, perSecond } of costs) {
    const cells = [cpuMicros.toFixed(0), (cpuMicros / base.cpuMicros).toFixed(2), perSecond.toFixed(0)];
    console.log(`  ${name.padEnd(60)} ${cells.map((cell) => cell.padStart(8)).join('')}`);
  }
}

/** Runs `units` units with a fixed concurrency. */
export async function inParallel(
  units: number,
  width: number,
  task: (nth: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < units) {
      next += 1;
      await task(next);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

export function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;
}
