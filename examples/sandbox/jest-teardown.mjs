/** `globalTeardown` of Jest. Throws if a call broke the contract and no test took the violation. */
export default async function teardown() {
  await Promise.all(globalThis.sandboxes.map((sandbox) => sandbox.close()));
}
