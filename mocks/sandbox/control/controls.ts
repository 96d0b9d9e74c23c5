import type { Citizen } from '../model/citizen.ts';
import type { Clock } from '../model/clock.ts';
import type { Faults } from '../faults/faults.ts';
import type { Journal } from '../journal/journal.ts';
import type { Violation } from '../journal/recorder.ts';
import type { SeedInput, Seeded } from '../data/seed-input.ts';
import type { Snapshot } from '../model/sandbox-world.ts';

/** Controls of a sandbox for tests. The control API offers the same functions over HTTP. */
export interface Controls {
  /** The clock of the sandbox, which a test can freeze, advance and resume. */
  readonly clock: Pick<Clock<unknown>, 'now' | 'frozen' | 'freeze' | 'advance' | 'resume'>;
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
