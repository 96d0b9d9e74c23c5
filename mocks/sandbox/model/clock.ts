/**
 * How long the real service takes, in milliseconds. It promises no bounds: the manual says "a few seconds",
 * its queues are polled at most every 5 s, its blob trigger fires after some seconds.
 */
export const SERVICE_DELAYS_MS = {
  /** A blob has arrived -> its validation starts. */
  blobTrigger: 3_000,
  /** READY -> WAIT_FOR_SIGNATURE: two queue hops, issuer side to citizen side and back. */
  waitForSignature: 5_000,
  /** The citizen has signed -> the trust provider is asked for the outcome: the job stays hidden for 60 s. */
  trustProvider: 60_000,
  /** One message from one side to the other: an outcome to the issuer side, a cancellation to the citizen side. */
  queueHop: 5_000,
} as const;

/** Something that will happen by itself. */
export interface Appointment<Task> {
  /** Milliseconds since the epoch, on the sandbox's clock. */
  readonly dueAt: number;
  readonly task: Task;
}

/** Where a clock stands; plain data. */
export interface ClockState<Task> {
  readonly now: number;
  readonly frozen: boolean;
  readonly appointments: readonly Appointment<Task>[];
}

/** Time as one sandbox sees it. Everything that reads the time or waits goes through it. */
export interface Clock<Task> {
  /** Milliseconds since the epoch. */
  now(): number;
  readonly frozen: boolean;
  /** Runs `task` once, `delayMs` of the service's own time from now. */
  schedule(delayMs: number, task: Task): void;
  /** Stops time, at `at` or where it is. Nothing happens by itself any more. */
  freeze(at?: number): void;
  /**
   * Freezes time and moves it forward. What falls due on the way has happened when the promise resolves, in order and
   * each with the time it was due at. A reset, `freeze` or `resume` meanwhile ends it.
   */
  advance(ms: number): Promise<void>;
  /** Lets time run again from where it stands. */
  resume(): void;
  state(): ClockState<Task>;
  restore(state: ClockState<Task>): void;
  /** Drops what has not begun and waits for the rest. Nothing happens afterwards. */
  stop(): Promise<void>;
}

export interface ClockOptions<Task> {
  /** How long waits last while time runs: 1 as long as in the service, 0.1 a tenth. Frozen time is never scaled. */
  readonly timeScale: number;
  /** Starts frozen, here. */
  readonly frozenAt?: number | undefined;
  /** Carries a task out. Must not reject. */
  readonly run: (task: Task) => Promise<void>;
}

/** The longest wait that a Node timer can do. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createClock<Task>({ timeScale, frozenAt, run }: ClockOptions<Task>): Clock<Task> {
  /** Sorted by time; of the same time, first come first served. */
  let appointments: Appointment<Task>[] = [];
  let frozen = frozenAt;
  /** What running time is ahead of the wall clock. */
  let offset = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  /** Moves come one after the other, and end early when time is set otherwise meanwhile. */
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

  /** Sets the one timer for the next appointment. */
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

  /** @param mine what `jumps` was when the move was asked for */
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
      // From the end, where most belong: thousands may wait.
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
      // What has begun has not happened yet.
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
