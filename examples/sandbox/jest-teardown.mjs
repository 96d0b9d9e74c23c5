/** `globalTeardown` of Jest. Throws if a call violated the contract and no test cleared the violation. */
export default async function teardown() {
  await Promise.all(globalThis.sandboxes.map((sandbox) => sandbox.close()));
}
