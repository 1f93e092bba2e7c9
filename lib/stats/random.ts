/** Seeded random numbers: every draw on the site can be repeated to the last digit. */

/**
 * mulberry32 (Tommy Ettinger, public domain): 32 bits of state, good enough for simulations, the same everywhere.
 *
 * @returns a function that returns numbers in [0, 1)
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Derive the seed of one part of an experiment from its name (FNV-1a), so that parts do not depend on each other's
 * order.
 */
export function seedFor(name: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash | 0;
}
