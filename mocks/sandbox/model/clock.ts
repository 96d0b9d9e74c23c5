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

/** A scheduled task. */
export interface Appointment<Task> {
  /** Milliseconds since the epoch, on the clock of the sandbox. */
  readonly dueAt: number;
  readonly task: Task;
}

/** The state of a clock, as plain data. */
export interface ClockState<Task> {
  readonly now: number;
  readonly frozen: boolean;
  readonly appointments: readonly Appointment<Task>[];
}

/** The clock of a sandbox. All code that reads the time or waits uses it. */
export interface Clock<Task> {
  /** Milliseconds since the epoch. */
  now(): number;
  readonly frozen: boolean;
  /** Schedules `task` after `delayMs` of unscaled time. */
  schedule(delayMs: number, task: Task): void;
  /** Freezes the clock at `at` or at the current time. No task runs until it is advanced or resumed. */
  freeze(at?: number): void;
  /**
   * Freezes the clock and moves it forward. Before the promise resolves, every task that falls due has run, in order and
   * at its own time. A reset, `freeze` or `resume` ends it early.
   */
  advance(ms: number): Promise<void>;
  /** Lets the clock run from its current time. */
  resume(): void;
  state(): ClockState<Task>;
  restore(state: ClockState<Task>): void;
  /** Drops tasks that have not started and waits for running ones. No task runs afterwards. */
  stop(): Promise<void>;
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

export function createClock<Task>({ timeScale, frozenAt, run }: ClockOptions<Task>): Clock<Task> {
  /** Sorted by time, then by insertion. */
  let appointments: Appointment<Task>[] = [];
  let frozen = frozenAt;
  /** Difference between running time and the wall clock. */
  let offset = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  /** Advances run one after another, and end early if the clock is set in another way. */
  let moving = Promise.resolve();
  let jumps = 0;
  const running = new Map<Promise<void>, Appointment<Task>>();

  const now = (): number => frozen ?? Date.now() + offset;

  function start(due: Appointment<Task>): Promise<void> {
    const done = run(due.task).finally(() => running.delete(done));
    running.set(done, due);
    return done;
  }

  function takeDue(until: number): Appointment<Task> | undefined {
    const [next] = appointments;
    if (next === undefined || next.dueAt > until) return undefined;
    return appointments.shift();
  }

  /** Sets the only timer, for the next task. */
  function arm(): void {
    clearTimeout(timer);
    const [next] = appointments;
    if (stopped || frozen !== undefined || next === undefined) return;
    timer = setTimeout(
      () => {
        for (let due = takeDue(now()); due; due = takeDue(now())) void start(due);
        arm();
      },
      Math.min(Math.max(0, next.dueAt - now()), MAX_TIMER_MS),
    );
  }

  /** @param mine value of `jumps` when the advance was requested */
  async function move(ms: number, mine: number): Promise<void> {
    const until = now() + ms;
    await Promise.all(running.keys());
    while (mine === jumps) {
      const due = takeDue(until);
      frozen = due === undefined ? until : Math.max(now(), due.dueAt);
      if (due === undefined) return;
      await start(due);
    }
  }

  return {
    now,
    get frozen() {
      return frozen !== undefined;
    },
    schedule(delayMs, task) {
      const dueAt = now() + delayMs * (frozen === undefined ? timeScale : 1);
      // Searched from the end, where most new tasks belong: there may be thousands.
      const earlier = appointments.findLastIndex((other) => other.dueAt <= dueAt);
      appointments.splice(earlier + 1, 0, { dueAt, task });
      arm();
    },
    freeze(at) {
      jumps += 1;
      frozen = at ?? now();
      arm();
    },
    advance(ms) {
      frozen = now();
      arm();
      const mine = jumps;
      const moved = moving.then(() => move(ms, mine));
      moving = moved;
      return moved;
    },
    resume() {
      if (frozen === undefined) return;
      jumps += 1;
      offset = frozen - Date.now();
      frozen = undefined;
      arm();
    },
    state: () => ({
      now: now(),
      frozen: frozen !== undefined,
      // A running task has not taken effect yet, so it belongs to the state.
      appointments: [...running.values(), ...appointments],
    }),
    restore(state) {
      jumps += 1;
      appointments = [...state.appointments];
      frozen = state.frozen ? state.now : undefined;
      offset = state.now - Date.now();
      arm();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      appointments = [];
      await Promise.all(running.keys());
    },
  };
}
