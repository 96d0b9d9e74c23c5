import type { Benchmark } from './operations.ts';
import { median } from './rounds.ts';

/** One operation of one server in one round. */
export interface Sample {
  readonly server: string;
  readonly operation: string;
  readonly round: number;
  /** Processor time of a request in microseconds. */
  readonly cpuMicros: number;
  readonly perSecond: number;
  /** Latency in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly peakMib: number;
  /** Per request. */
  readonly upstreamCalls: number;
  /** 99th percentiles of the latency in milliseconds at half load: with the server, and of the direct call. */
  readonly halfLoad?: { readonly p99: number; readonly direct: number } | undefined;
}

export interface Report {
  readonly base: string;
  readonly connections: number;
  readonly servers: readonly { readonly name: string; readonly label: string }[];
  readonly benchmarks: readonly (readonly [name: string, benchmark: Benchmark])[];
  readonly samples: readonly Sample[];
  /** From the start of the process to its first answer, in seconds. */
  readonly starts: readonly { readonly server: string; readonly seconds: number }[];
}

/** The processor time of a server over that of the base, within each round. */
export function ratios({ samples, base }: Report, operation: string, server: string): number[] {
  const found = samples.filter((sample) => sample.operation === operation);
  const baseIn = (round: number): number =>
    found.find((sample) => sample.server === base && sample.round === round)?.cpuMicros ?? Number.NaN;
  return found
    .filter((sample) => sample.server === server)
    .map(({ round, cpuMicros }) => cpuMicros / baseIn(round));
}

/**
 * Prints Markdown tables, with medians over the rounds. `core` is the share of its core that the server got: far below 100 %,
 * other processes used the machine, and rates and latencies say little.
 */
export function printReport(report: Report): void {
  const { benchmarks, servers, samples, starts, base, connections } = report;
  for (const [operation, { title }] of benchmarks) {
    const rows = servers.map(({ name, label }) => {
      const found = samples.filter((sample) => sample.operation === operation && sample.server === name);
      const cell = (key: Exclude<keyof Sample, 'server' | 'operation' | 'halfLoad'>, digits = 0): string =>
        fixed(
          found.map((sample) => sample[key]),
          digits,
        );
      const ratio = ratios(report, operation, name);
      const start = starts.filter(({ server }) => server === name).map(({ seconds }) => seconds);
      return [
        label,
        cell('cpuMicros'),
        fixed(ratio, 2),
        spread(ratio),
        cell('perSecond'),
        cell('p50', 1),
        cell('p99', 1),
        cell('peakMib'),
        cell('upstreamCalls', 2),
        `${fixed(
          found.map(({ cpuMicros, perSecond }) => (cpuMicros * perSecond) / 1e4),
          0,
        )} %`,
        fixed(start, 2),
      ];
    });
    console.log(`\n${operation}, ${title}; ${connections} connections\n`);
    printTable(
      [
        'server',
        'µs CPU',
        `× ${base}`,
        'spread',
        'per s',
        'p50 ms',
        'p99 ms',
        'peak MiB',
        'calls',
        'core',
        'start s',
      ],
      rows,
    );
  }
  printHalfLoad(report);
}

function printHalfLoad({ benchmarks, servers, samples }: Report): void {
  const rows = benchmarks.flatMap(([operation]) =>
    servers.flatMap(({ name, label }) => {
      const found = samples
        .filter((sample) => sample.operation === operation && sample.server === name)
        .flatMap(({ halfLoad }) => halfLoad ?? []);
      if (found.length === 0) return [];
      const added = found.map(({ p99, direct }) => p99 - direct);
      const p99 = found.map((sample) => sample.p99);
      const direct = found.map((sample) => sample.direct);
      return [[`${operation}, ${label}`, fixed(p99, 2), fixed(direct, 2), fixed(added, 2), spread(added)]];
    }),
  );
  if (rows.length === 0) return;
  console.log('\n99th percentile of the latency at half of the load that the server can bear, in ms\n');
  printTable(['operation and server', 'through it', 'direct call', 'added', 'spread'], rows);
}

const fixed = (numbers: readonly number[], digits: number): string => median(numbers).toFixed(digits);

function spread(numbers: readonly number[]): string {
  return `${Math.min(...numbers).toFixed(2)} to ${Math.max(...numbers).toFixed(2)}`;
}

/** As prettier formats a table. */
function printTable(columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = columns.map((_, index) =>
    Math.max(...[columns, ...rows].map((row) => (row[index] ?? '').length)),
  );
  const print = (cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);
  const printRow = (cells: readonly string[]): void =>
    print(
      cells.map((cell, index) =>
        index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
      ),
    );
  printRow(columns);
  print(widths.map((width, index) => (index === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)));
  for (const row of rows) printRow(row);
}
