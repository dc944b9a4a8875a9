import type { Plane } from '../../ink/plane.js';

/** A digit of the training, and the network's answer; or, without the pyramid, whether the network accepted its size. */
export interface TrainingDigit extends Plane {
  readonly label: number;
  readonly guess: number | 'taken' | 'refused';
}
