/** The feature map that the network computes for an image. */
export interface FeatureMap {
  readonly data: Float32Array;
  /** `[1, channels, height, width]` */
  readonly dims: readonly [number, number, number, number];
}
