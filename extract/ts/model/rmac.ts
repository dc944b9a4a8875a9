/**
 * R-MAC: the maxima of each region normalised, summed, and the sum normalised. Sums are in f64, in the order of channels and
 * regions. A row of zeros stays one.
 *
 * @param maxima `[regions, channels]`
 */
export function aggregateRegions(maxima: Float32Array, channels: number): Float32Array {
  const sums = new Float64Array(channels);
  for (let row = 0; row < maxima.length; row += channels) {
    const region = maxima.subarray(row, row + channels);
    const norm = normOf(region);
    if (norm === 0) continue;
    for (let channel = 0; channel < channels; channel++) {
      sums[channel] = sums[channel]! + region[channel]! / norm;
    }
  }
  const norm = normOf(sums);
  return Float32Array.from(sums, (value) => (norm === 0 ? 0 : value / norm));
}

function normOf(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
