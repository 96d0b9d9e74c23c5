/*
 * Loaded with `--import` into the program under test: reports the state of the process over IPC on request. The program
 * itself is unchanged.
 */

const TURN_MS = 50;

/** The greatest processor time, in milliseconds, between two ticks of a timer since the last request. */
let longestBlockMs = 0;
let seen = process.cpuUsage();

// Processor time instead of clock time: on a busy machine ticks are late although nothing blocks.
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

// The process exits when its test is aborted.
process.on('disconnect', () => process.exit());
