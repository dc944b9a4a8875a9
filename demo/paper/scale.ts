/** How much work the experiments are: in full, or little enough for a test of the program itself. */
export interface Scale {
  /** Digits that classifiers learn from, how often, and with how many seeds. */
  readonly digits: number;
  readonly epochs: number;
  readonly seeds: number;
  /** Held-out digits that they are tested with. */
  readonly heldOut: number;
  /** Steps of the optimiser: for the weights that all detectors start from, and for each detector. */
  readonly pretraining: number;
  readonly detection: { readonly 'R-CNN': number; readonly 'SPP-net': number; readonly 'Fast R-CNN': number };
  /** Scenes that detectors learn from, and that they are tested with. */
  readonly scenes: number;
  readonly heldOutScenes: number;
  /** Windows of a scene. */
  readonly windows: number;
}

export const FULL: Scale = {
  digits: 8000,
  epochs: 3,
  seeds: 3,
  heldOut: 2000,
  pretraining: 2000,
  detection: { 'R-CNN': 450, 'SPP-net': 1000, 'Fast R-CNN': 900 },
  scenes: 200,
  heldOutScenes: 40,
  windows: 2000,
};

export const QUICK: Scale = {
  digits: 160,
  epochs: 1,
  seeds: 2,
  heldOut: 60,
  pretraining: 4,
  detection: { 'R-CNN': 2, 'SPP-net': 2, 'Fast R-CNN': 2 },
  scenes: 2,
  heldOutScenes: 2,
  windows: 100,
};
