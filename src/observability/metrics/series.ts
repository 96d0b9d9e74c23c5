import { Counter, Histogram } from 'prom-client';
import type { CounterConfiguration, HistogramConfiguration, LabelValues } from 'prom-client';

/*
 * Metrics that are counted several times in each request. prom-client copies and validates the labels and builds a key of
 * them for each value; these take the values of the labels in the order of `labelNames`, and find the series by them.
 */

interface Labelled<Series> {
  readonly labels: Readonly<Record<string, string>>;
  readonly series: Series;
}

interface Branch<Series> {
  readonly below: Map<string, Branch<Series>>;
  found: Labelled<Series> | undefined;
}

/** The series of a metric by the values of its labels, of which there are few. */
class SeriesByLabels<Series> {
  readonly #labelNames: readonly string[];
  readonly #make: () => Series;
  readonly #all: Labelled<Series>[] = [];
  /** By the value of the first label, below it by that of the second, and so on: so that none is joined to a key. */
  readonly #byValue: Branch<Series> = { below: new Map(), found: undefined };

  constructor(labelNames: readonly string[], make: () => Series) {
    this.#labelNames = labelNames;
    this.#make = make;
  }

  of(values: readonly string[]): Series {
    let branch = this.#byValue;
    for (const value of values) {
      let next = branch.below.get(value);
      if (next === undefined) branch.below.set(value, (next = { below: new Map(), found: undefined }));
      branch = next;
    }
    return (branch.found ??= this.#add(values)).series;
  }

  #add(values: readonly string[]): Labelled<Series> {
    const labels = Object.fromEntries(this.#labelNames.map((name, index) => [name, values[index] ?? '']));
    const added = { labels, series: this.#make() };
    this.#all.push(added);
    return added;
  }

  all(): readonly Labelled<Series>[] {
    return this.#all;
  }
}

type FrequentCounterOptions<Label extends string> = Required<
  Pick<CounterConfiguration<Label>, 'name' | 'help' | 'labelNames' | 'registers'>
>;

export class FrequentCounter<Label extends string> extends Counter<Label> {
  readonly #series: SeriesByLabels<{ value: number }>;

  constructor(options: FrequentCounterOptions<Label>) {
    super(options);
    this.#series = new SeriesByLabels(options.labelNames, () => ({ value: 0 }));
  }

  /** @param labels in the order of `labelNames` */
  count(labels: readonly string[], by = 1): void {
    this.#series.of(labels).value += by;
  }

  override async get(): ReturnType<Counter<Label>['get']> {
    const values = Array.from(this.#series.all(), ({ labels, series }) => ({
      // By the names that the configuration has.
      labels: labels as LabelValues<Label>,
      value: series.value,
    }));
    return { ...(await super.get()), values };
  }
}

interface Buckets {
  /** Of each bucket alone; the last one is unbounded. */
  readonly counts: number[];
  sum: number;
}

type FrequentHistogramOptions<Label extends string> = Required<
  Pick<HistogramConfiguration<Label>, 'name' | 'help' | 'labelNames' | 'buckets' | 'registers'>
>;

export class FrequentHistogram<Label extends string> extends Histogram<Label> {
  readonly #options: FrequentHistogramOptions<Label>;
  readonly #series: SeriesByLabels<Buckets>;

  constructor(options: FrequentHistogramOptions<Label>) {
    super(options);
    this.#options = options;
    this.#series = new SeriesByLabels(options.labelNames, () => ({
      counts: Array.from({ length: options.buckets.length + 1 }, () => 0),
      sum: 0,
    }));
  }

  /** Makes the series start at 0. @param labels in the order of `labelNames` */
  begin(labels: readonly string[]): void {
    this.#series.of(labels);
  }

  /** @param labels in the order of `labelNames` */
  add(labels: readonly string[], value: number): void {
    const { buckets } = this.#options;
    const series = this.#series.of(labels);
    let bucket = 0;
    while (value > (buckets[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += value;
  }

  /** What prom-client prints and what its `get` returns come from this method, which its types do not know. */
  getForPromString() {
    const { name, help } = this.#options;
    const values = [...this.#series.all()].flatMap((series) => this.#valuesOf(series));
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
  }

  #valuesOf({ labels: sharedLabels, series: { counts, sum } }: Labelled<Buckets>) {
    const { name, buckets } = this.#options;
    const valueOf = (suffix: string, value: number, labels = {}) => ({
      metricName: `${name}_${suffix}`,
      sharedLabels,
      labels,
      value,
    });
    let count = 0;
    const cumulative = counts.map((own, index) => {
      count += own;
      return valueOf('bucket', count, { le: buckets[index] ?? '+Inf' });
    });
    return [...cumulative, valueOf('sum', sum), valueOf('count', count)];
  }
}
