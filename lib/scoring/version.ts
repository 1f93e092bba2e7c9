/** Changes whenever a number, or what is read from a file, can change: scores are stored per evaluator version. */
export const EVALUATOR_VERSION = '1.2.0';
