/** What the network makes of an image. */
export interface FeatureMap {
  readonly data: Float32Array;
  /** `[1, channels, height, width]` */
  readonly dims: readonly [number, number, number, number];
}
