/** Loaded with `--import` into child processes: they end when their parent is gone, even after kill -9. */
process.once('disconnect', () => process.exit());
// watching must not keep the process alive
process.channel?.unref();

// For this process only. A process that it forks inherits its arguments, and a fork that communicates by messages (the
// build's own workers) would end at once, leaving the build half done without notice.
const loaded = process.execArgv.indexOf('--import');
if (loaded >= 0) process.execArgv.splice(loaded, 2);
