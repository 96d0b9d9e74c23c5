/** The public API `sigillo/testing`: the sandbox for test suites. */
import './cli/node-version.ts';
export { startSandbox } from './http/server.ts';
export type { Sandbox, SandboxOptions } from './http/server.ts';
export type { RateLimit } from './http/api-management.ts';
export { CitizenError } from './model/citizen.ts';
export type {
  Citizen,
  CitizenErrorCode,
  CitizenStatus,
  SignOptions,
  WaitingRequest,
} from './model/citizen.ts';
export type { Fault } from './faults/fault.ts';
export type { ActiveFault, Faults } from './faults/faults.ts';
export { InvalidFaultError } from './faults/parse-fault.ts';
export { JournalTimeoutError } from './journal/journal.ts';
export type { Journal, JournalFilter, WaitOptions } from './journal/journal.ts';
export type { JournalEntry, RecordedBody } from './journal/journal-entry.ts';
export type { ProfileName } from './model/profile.ts';
export type { SandboxLogger, Violation } from './journal/recorder.ts';
export { SeedError } from './data/seed-input.ts';
export type { SeedInput, Seeded } from './data/seed-input.ts';
export type { Snapshot } from './model/sandbox-world.ts';
