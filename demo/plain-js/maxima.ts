/** Pooled values with the cell each one came from: row * width + column in its plane. */
export interface Maxima {
  readonly values: Float32Array;
  readonly cells: Int32Array;
}
