/** What `sigillo/testing` exports: the sandbox for test suites. */
export { startSandbox } from './server.ts';
export type { Sandbox, SandboxOptions } from './server.ts';
