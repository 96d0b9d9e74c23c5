/*
 * Refuses a Node version that is too old. It is imported first, because other modules fail there with obscure errors. The
 * command has its own check, because the gateway and the sandbox do not import each other.
 */
const OLDEST = [24, 18] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
  throw new Error(`Sigillo requires Node ${OLDEST.join('.')} or later; this is ${process.version}.`);
