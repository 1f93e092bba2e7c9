/**
 * fast-check with the settings of every property test: one seed, so that a failure comes from the change under test and
 * not from the day, and 150 random cases, or 600 under `FUZZ=1`.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: 20211, numRuns: process.env.FUZZ === '1' ? 600 : 150 });

export default fc;
