import { startSandbox } from 'sigillo/testing';

/** `globalSetup` of Jest: one sandbox per worker, because workers run tests in parallel. */
export default async function setup({ maxWorkers }) {
  globalThis.sandboxes = await Promise.all(Array.from({ length: maxWorkers }, () => startSandbox()));
  process.env.SANDBOX_ORIGINS = globalThis.sandboxes.map(({ origin }) => origin).join();
}
