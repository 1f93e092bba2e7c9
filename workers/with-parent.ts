/** Loaded with `--import` into processes we start: they end when whoever started them is gone, even after kill -9. */
process.once('disconnect', () => process.exit());
// watching must not be what keeps the process alive
process.channel?.unref();
