import type { Plane } from '../../ink/plane.js';

/** A digit that went by, and what the network took it for; or, without the pyramid, whether it could take it at all. */
export interface PassingDigit extends Plane {
  readonly label: number;
  readonly guess: number | 'taken' | 'refused';
}
