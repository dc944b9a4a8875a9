/** The three ways from a picture and its windows to one vector for each window. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Plane } from '../ink/plane.js';
import { type Box, withMargin } from './box.js';
import type { DetectorNetwork } from './network.js';
import type { Scales } from './scales.js';
import type { Times } from './stopwatch.js';

/** A way to detect: R-CNN, SPP-net or Fast R-CNN. */
export interface Method {
  readonly name: string;
  /** How many windows of a scene are looked through for hard negatives: many, where that costs little. */
  readonly mined: number;
  /** Windows of a scene that a step learns from: fewer, where each costs much. */
  readonly lesson: { readonly withDigit: number; readonly without: number };
  /** The weights that it trains. */
  trained(network: DetectorNetwork): readonly tf.Variable[];
  /** Whether training leaves the vectors of windows as they are. */
  readonly keepsVectors: boolean;
  /** A vector for each window, with the gradient with respect to the weights that it trains. */
  learn(network: DetectorNetwork, picture: Plane, windows: readonly Box[]): tf.Tensor2D;
  /** What the network gives for each window: `OUTPUTS` values each. */
  infer(
    network: DetectorNetwork,
    picture: Plane,
    windows: readonly Box[],
    options: InferOptions,
  ): Promise<Float32Array>;
}

export interface InferOptions {
  /** Takes what each part takes. */
  readonly times: Times;
  /** Called now and then. */
  readonly pause?: Pause | undefined;
  /** For SPP-net and Fast R-CNN: the scales that windows are pooled at; by default those of the method. */
  readonly scales?: Scales | undefined;
  /** Called with the map of each scale, where there is one: `[1, height, width, CHANNELS]`. It is gone afterwards. */
  readonly onMap?: ((map: tf.Tensor4D) => void) | undefined;
}

/** Lets the host go on for a moment, after so many windows are done. It may throw to end the work. */
export type Pause = (done: number) => Promise<void>;

/** What is just outside of a window tells a digit from a part of one. R-CNN has such a margin too. */
const MARGIN = 0.2;

/** What of the picture the network sees for each window. */
export function viewsOf(windows: readonly Box[], picture: Plane): Box[] {
  return windows.map((window) => withMargin(window, MARGIN, picture));
}
