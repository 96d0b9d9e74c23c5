/** What `sigillo/testing` exports: the sandbox for test suites. */
import './node-version.ts';
export { startSandbox } from './server.ts';
export type { Sandbox, SandboxOptions } from './server.ts';
export type { RateLimit } from './api-management.ts';
export { CitizenError } from './citizen.ts';
export type { Citizen, CitizenErrorCode, CitizenStatus, SignOptions, WaitingRequest } from './citizen.ts';
export type { Fault } from './faults/fault.ts';
export type { ActiveFault, Faults } from './faults/faults.ts';
export { InvalidFaultError } from './faults/parse-fault.ts';
export { JournalTimeoutError } from './journal.ts';
export type { Journal, JournalFilter, WaitOptions } from './journal.ts';
export type { JournalEntry, RecordedBody } from './journal-entry.ts';
export type { ProfileName } from './profile.ts';
export type { SandboxLogger, Violation } from './recorder.ts';
export { SeedError } from './seed-input.ts';
export type { SeedInput, Seeded } from './seed-input.ts';
export type { Snapshot } from './world.ts';
