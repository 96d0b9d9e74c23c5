import { seed } from '../data/seed.ts';
import type { SeedInput, Seeded } from '../data/seed-input.ts';
import type { Faults } from '../faults/faults.ts';
import type { Journal } from '../journal/journal.ts';
import type { Recorder, Violation } from '../journal/recorder.ts';
import { SandboxCitizen } from '../model/citizen.ts';
import type { Citizen } from '../model/citizen.ts';
import type { Clock } from '../model/clock.ts';
import type { SandboxWorld, Snapshot } from '../model/sandbox-world.ts';

type ClockControls = Pick<Clock<unknown>, 'now' | 'frozen' | 'freeze' | 'advance' | 'resume'>;

/** Controls of a sandbox for tests. The control API offers the same functions over HTTP. */
export interface Controls {
  /** The clock of the sandbox, which a test can freeze, advance and resume. */
  readonly clock: ClockControls;
  /**
   * Restores the records, files, keys, faults, clock and random sequence of the start, and empties the journal.
   * Violations are kept until `takeViolations`.
   */
  reset(): void;
  /**
   * Creates issuers, keys, dossiers and requests in any state, all of them or none.
   * @throws SeedError listing each invalid location
   */
  seed(input: SeedInput): Promise<Seeded>;
  /** Saves the current state for `restore`, which can be called any number of times. */
  snapshot(): Snapshot;
  /** Restores a snapshot of this sandbox. The journal and violations are not changed. */
  restore(snapshot: Snapshot): void;
  /** The signers and the IO app. */
  readonly citizen: Citizen;
  /** Injected failures. */
  readonly faults: Faults;
  /** Received calls to the API and the storage. */
  readonly journal: Journal;
  /** Contract violations since the last `takeViolations`. */
  readonly violations: readonly Violation[];
  /** Returns and clears the contract violations, for a test that causes them on purpose. */
  takeViolations(): Violation[];
}

/** The methods are functions without `this`, so that a test can destructure them: `const { add } = sandbox.faults`. */
export function createControls(world: SandboxWorld, journal: Journal, recorder: Recorder): Controls {
  return {
    clock: clockControls(world.clock),
    reset: () => {
      world.reset();
      journal.clear();
    },
    seed: (input) => seed(world, input),
    snapshot: () => world.snapshot(),
    restore: (snapshot) => world.restore(snapshot),
    citizen: citizenControls(new SandboxCitizen(world)),
    faults: faultControls(world.faults),
    journal: journalControls(journal),
    violations: recorder.violations,
    takeViolations: () => recorder.takeViolations(),
  };
}

function clockControls(clock: ClockControls): ClockControls {
  return {
    now: () => clock.now(),
    get frozen() {
      return clock.frozen;
    },
    freeze: (at) => clock.freeze(at),
    advance: (ms) => clock.advance(ms),
    resume: () => clock.resume(),
  };
}

function citizenControls(citizen: Citizen): Citizen {
  return {
    waiting: (signer) => citizen.waiting(signer),
    statusOf: (id) => citizen.statusOf(id),
    sign: (id, options) => citizen.sign(id, options),
    complete: (id, outcome) => citizen.complete(id, outcome),
  };
}

function faultControls(faults: Faults): Faults {
  return {
    add: (fault) => faults.add(fault),
    list: () => faults.list(),
    clear: (id) => faults.clear(id),
  };
}

function journalControls(journal: Journal): Journal {
  return {
    entries: (filter) => journal.entries(filter),
    waitFor: (filter, options) => journal.waitFor(filter, options),
    clear: () => journal.clear(),
  };
}
