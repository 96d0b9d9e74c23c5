import { startSandbox } from 'sigillo/testing';

/** `globalSetup` of Jest: one sandbox for each worker, as their tests run at the same time. */
export default async function setup({ maxWorkers }) {
  globalThis.sandboxes = await Promise.all(Array.from({ length: maxWorkers }, () => startSandbox()));
  process.env.SANDBOX_ORIGINS = globalThis.sandboxes.map(({ origin }) => origin).join();
}
