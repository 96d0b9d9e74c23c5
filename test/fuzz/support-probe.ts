/*
 * Loaded into the program under attack by `--import`: what the process knows of itself, told over IPC when asked. The
 * program itself is the one that operators run, and knows nothing of it.
 */

const TURN_MS = 50;

/** The most processor time, in milliseconds, that has passed between two turns of a timer since it was last asked. */
let longestBlockMs = 0;
let seen = process.cpuUsage();

// Processor time and not that of the clock: a machine that is busy with other things makes turns late, and no block.
setInterval(() => {
  const { user, system } = process.cpuUsage(seen);
  seen = process.cpuUsage();
  longestBlockMs = Math.max(longestBlockMs, (user + system) / 1000);
}, TURN_MS).unref();

process.on('message', () => {
  const sockets = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  process.send?.({ sockets, longestBlockMs });
  longestBlockMs = 0;
});

// Tests that are broken off leave nobody behind.
process.on('disconnect', () => process.exit());
