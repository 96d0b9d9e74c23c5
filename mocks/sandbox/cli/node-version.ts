/*
 * Fails with one sentence where Node is too old; imported first, because what follows would fail with a riddle. The command
 * has a check of its own: neither half of the package imports the other.
 */
const OLDEST = [24, 18] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
  throw new Error(`Sigillo requires Node ${OLDEST.join('.')} or later; this is ${process.version}.`);
