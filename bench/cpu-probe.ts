/* Loaded into a program under load by `--import`. Reports its processor time in microseconds on request over IPC. */
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
process.on('disconnect', () => process.exit());
