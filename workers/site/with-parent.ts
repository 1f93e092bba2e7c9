/** Loaded with `--import` into processes we start: they end when whoever started them is gone, even after kill -9. */
process.once('disconnect', () => process.exit());
// watching must not be what keeps the process alive
process.channel?.unref();

// For this process alone. What it forks inherits its arguments, and a fork that lives on messages (the build's own
// workers) would end at once, with the build half done and nobody the wiser.
const loaded = process.execArgv.indexOf('--import');
if (loaded >= 0) process.execArgv.splice(loaded, 2);
