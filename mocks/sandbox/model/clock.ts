/**
 * Typical delays of the service, in milliseconds. It guarantees no bounds: the manual says "a few seconds", its queues
 * are polled at most every 5 s, and its blob trigger fires after some seconds.
 */
export const SERVICE_DELAYS_MS = {
  /** From the upload of a blob to the start of its validation. */
  blobTrigger: 3_000,
  /** From READY to WAIT_FOR_SIGNATURE: two queue hops, to the citizen side and back. */
  waitForSignature: 5_000,
  /** From the signature to the request for its outcome at the trust provider: the job stays hidden for 60 s. */
  trustProvider: 60_000,
  /** One queue hop: an outcome to the issuer side, or a cancellation to the citizen side. */
  queueHop: 5_000,
} as const;

/** A task and its time. */
export interface ScheduledTask<Task> {
  /** Milliseconds since the epoch, on the clock of the sandbox. */
  readonly dueAt: number;
  readonly task: Task;
}

/** The state of a clock, as plain data. */
export interface ClockState<Task> {
  readonly now: number;
  readonly frozen: boolean;
  readonly scheduled: readonly ScheduledTask<Task>[];
}

export interface ClockOptions<Task> {
  /** Factor of delays while the clock runs: 1 as long as in the service, 0.1 a tenth. Frozen time is not scaled. */
  readonly timeScale: number;
  /** Starts frozen at this time. */
  readonly frozenAt?: number | undefined;
  /** Runs a task. Must not reject. */
  readonly run: (task: Task) => Promise<void>;
}

/** Maximum delay of a Node timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clock of a sandbox. All code that reads the time or waits uses it. */
export class Clock<Task> {
  readonly #timeScale: number;
  readonly #run: (task: Task) => Promise<void>;
  /** Sorted by time, then by insertion. */
  #scheduled: ScheduledTask<Task>[] = [];
  readonly #running = new Map<Promise<void>, ScheduledTask<Task>>();
  /** The time at which the clock is frozen. Undefined while it runs. */
  #frozenAt: number | undefined;
  /** Difference between running time and the wall clock. */
  #offset = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Advances run one after another. */
  #lastAdvance = Promise.resolve();
  /** Counts how often the time was set other than by an advance, which ends the advances before. */
  #timesSet = 0;

  constructor({ timeScale, frozenAt, run }: ClockOptions<Task>) {
    this.#timeScale = timeScale;
    this.#frozenAt = frozenAt;
    this.#run = run;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#frozenAt ?? Date.now() + this.#offset;
  }

  get frozen(): boolean {
    return this.#frozenAt !== undefined;
  }

  /** Schedules `task` after `delayMs` of unscaled time. */
  schedule(delayMs: number, task: Task): void {
    const dueAt = this.now() + delayMs * (this.frozen ? 1 : this.#timeScale);
    // Searched from the end, where most new tasks belong: there may be thousands.
    const earlier = this.#scheduled.findLastIndex((other) => other.dueAt <= dueAt);
    this.#scheduled.splice(earlier + 1, 0, { dueAt, task });
    this.#setTimer();
  }

  /** Freezes the clock at `at` or at the current time. No task runs until it is advanced or resumed. */
  freeze(at?: number): void {
    this.#timesSet += 1;
    this.#frozenAt = at ?? this.now();
    this.#setTimer();
  }

  /**
   * Freezes the clock and moves it forward. Before the promise resolves, every task that falls due has run, in order and
   * at its own time. A reset, `freeze` or `resume` ends it early.
   */
  advance(ms: number): Promise<void> {
    this.#frozenAt = this.now();
    this.#setTimer();
    const timesSet = this.#timesSet;
    this.#lastAdvance = this.#lastAdvance.then(() => this.#moveForward(ms, timesSet));
    return this.#lastAdvance;
  }

  /** Lets the clock run from its current time. */
  resume(): void {
    if (this.#frozenAt === undefined) return;
    this.#timesSet += 1;
    this.#offset = this.#frozenAt - Date.now();
    this.#frozenAt = undefined;
    this.#setTimer();
  }

  state(): ClockState<Task> {
    return {
      now: this.now(),
      frozen: this.frozen,
      // A running task has not taken effect yet, so it belongs to the state.
      scheduled: [...this.#running.values(), ...this.#scheduled],
    };
  }

  restore({ now, frozen, scheduled }: ClockState<Task>): void {
    this.#timesSet += 1;
    this.#scheduled = [...scheduled];
    this.#frozenAt = frozen ? now : undefined;
    this.#offset = now - Date.now();
    this.#setTimer();
  }

  /** Drops tasks that have not started and waits for running ones. No task runs afterwards. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#scheduled = [];
    await Promise.all(this.#running.keys());
  }

  /** Sets the only timer, for the next task. */
  #setTimer(): void {
    clearTimeout(this.#timer);
    const [next] = this.#scheduled;
    if (this.#stopped || this.frozen || next === undefined) return;
    const delayMs = Math.min(Math.max(0, next.dueAt - this.now()), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#startDueTasks(), delayMs);
  }

  #startDueTasks(): void {
    for (let due = this.#takeDue(this.now()); due; due = this.#takeDue(this.now())) void this.#start(due);
    this.#setTimer();
  }

  #takeDue(until: number): ScheduledTask<Task> | undefined {
    const [next] = this.#scheduled;
    if (next === undefined || next.dueAt > until) return undefined;
    return this.#scheduled.shift();
  }

  #start(due: ScheduledTask<Task>): Promise<void> {
    const done = this.#run(due.task).finally(() => this.#running.delete(done));
    this.#running.set(done, due);
    return done;
  }

  /** @param timesSet value of `#timesSet` when the advance was requested */
  async #moveForward(ms: number, timesSet: number): Promise<void> {
    const until = this.now() + ms;
    await Promise.all(this.#running.keys());
    while (timesSet === this.#timesSet) {
      const due = this.#takeDue(until);
      this.#frozenAt = due === undefined ? until : Math.max(this.now(), due.dueAt);
      if (due === undefined) return;
      await this.#start(due);
    }
  }
}
