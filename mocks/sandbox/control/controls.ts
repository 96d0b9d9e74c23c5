import type { Citizen } from '../model/citizen.ts';
import type { Clock } from '../model/clock.ts';
import type { Faults } from '../faults/faults.ts';
import type { Journal } from '../journal/journal.ts';
import type { Violation } from '../journal/recorder.ts';
import type { SeedInput, Seeded } from '../data/seed-input.ts';
import type { Snapshot } from '../model/world.ts';

/** What a test may do to a sandbox. The control API is these functions over HTTP. */
export interface Controls {
  /** Its time: frozen, moved and let run by the caller. */
  readonly clock: Pick<Clock<unknown>, 'now' | 'frozen' | 'freeze' | 'advance' | 'resume'>;
  /**
   * Everything as it was when it started: records, files, keys, faults, time and chance, and an empty journal. Violations
   * of the contract stay until somebody takes them.
   */
  reset(): void;
  /**
   * Puts issuers, keys, dossiers and requests in any state there, all of them or none.
   * @throws SeedError that names each wrong place
   */
  seed(input: SeedInput): Promise<Seeded>;
  /** Everything as it is now, to come back to with `restore`, as often as wanted. */
  snapshot(): Snapshot;
  /** Goes back to a snapshot of this sandbox. The journal and violations stay as they are. */
  restore(snapshot: Snapshot): void;
  /** The signers and their app. */
  readonly citizen: Citizen;
  /** What is to go wrong. */
  readonly faults: Faults;
  /** The calls received, API and storage. */
  readonly journal: Journal;
  /** Breaches of the contract so far that nobody has taken. */
  readonly violations: readonly Violation[];
  /** Returns the breaches of the contract and forgets them: for a test that causes them on purpose. */
  takeViolations(): Violation[];
}
