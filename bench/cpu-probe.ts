/* Loaded into a program under load by `--import`: tells its processor time, in microseconds, when asked over IPC. */
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.on('disconnect', () => process.exit());
