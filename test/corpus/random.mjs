/** Numbers drawn from a seed: the same on every engine, since all is done in 32-bit integers. */

/**
 * A generator of 32-bit words (mulberry32).
 * @param {number} seed
 * @returns {() => number}
 */
export function words(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (word ^ (word >>> 14)) >>> 0;
  };
}

/** Values for ties, cancelling sums, NaN and infinities. */
const palettes = {
  ties: [-1, 0, 1, 2],
  zeros: [0, -0, -1],
  poison: [Number.NaN, 0, -0, 1, Number.NEGATIVE_INFINITY],
  infinities: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1],
  lowest: [Number.NEGATIVE_INFINITY],
  nan: [Number.NaN],
  subnormal: [1e-45, -1e-45, 1.1754943508222875e-38, 0],
};

/** What maps are filled with: the palettes, numbers between -1 and 1, and any bits. */
export const kinds = /** @type {const} */ ([
  'unit',
  'bits',
  'ties',
  'zeros',
  'poison',
  'infinities',
  'lowest',
  'nan',
  'subnormal',
]);

/**
 * @param {(typeof kinds)[number]} kind
 * @param {number} seed
 * @param {number} length
 * @returns {Float32Array<ArrayBuffer>}
 */
export function fill(kind, seed, length) {
  const next = words(seed);
  const data = new Float32Array(length);
  if (kind === 'bits') {
    const bits = new Uint32Array(data.buffer);
    for (let i = 0; i < length; i++) bits[i] = next();
  } else if (kind === 'unit') {
    // Exact in float32: 24 bits.
    for (let i = 0; i < length; i++) data[i] = ((next() >>> 8) - 2 ** 23) / 2 ** 23;
  } else {
    const palette = palettes[kind];
    for (let i = 0; i < length; i++) data[i] = /** @type {number} */ (palette[next() % palette.length]);
  }
  return data;
}
