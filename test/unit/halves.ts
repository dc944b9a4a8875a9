/** The value of a half by its bits. */
export function halfToNumber(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

/** The half nearest to a value, ties to even, as a number. */
export function roundToHalf(value: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const [word = 0] = new Uint32Array(Float32Array.of(value).buffer);
  const exponent = Math.max(((word >>> 23) & 255) - 127, -14);
  const step = 2 ** (exponent - 10);
  const below = Math.floor(value / step);
  const rest = value / step - below;
  const rounded = (rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below) * step;
  // A sum of zero keeps its sign.
  if (rounded === 0) return value < 0 ? -0 : 0;
  return Math.abs(rounded) > 65504 ? Math.sign(rounded) * Number.POSITIVE_INFINITY : rounded;
}

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The bits of the half that a number is, cut off where it has more digits. */
export function numberToHalf(value: number): number {
  float[0] = value;
  const bits = word[0]!;
  const exponent = ((bits >>> 23) & 255) - 112;
  const magnitude = exponent <= 0 ? 0 : exponent >= 31 ? 0x7c00 : (exponent << 10) | ((bits >>> 13) & 1023);
  return ((bits >>> 16) & 0x8000) | magnitude;
}
