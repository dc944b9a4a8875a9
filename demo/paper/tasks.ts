/** The pieces of work that processes share. */
import type { Runtime } from 'pyramid-pool';
import type { DetectorName } from '../detect/detectors.js';
import type { Digit } from '../train/digits.js';
import { CLASSIFIERS, type ClassifierResult, trainClassifier } from './classifiers.js';
import {
  type DetectorResult,
  type DetectorTimes,
  pretrainWeights,
  timeDetector,
  trainAndJudge,
} from './detectors.js';
import type { Scale } from './scale.js';

type Weights = readonly Float32Array[];

export type Task =
  | { readonly kind: 'classifier'; readonly classifier: number; readonly seed: number }
  | { readonly kind: 'pretraining' }
  | { readonly kind: 'detector'; readonly detector: DetectorName; readonly start: Weights }
  | { readonly kind: 'times'; readonly detector: DetectorName; readonly weights: Weights };

export interface Results {
  classifier: ClassifierResult;
  pretraining: Float32Array[];
  detector: DetectorResult;
  times: DetectorTimes;
}

export interface World {
  readonly digits: readonly Digit[];
  readonly scale: Scale;
  readonly runtime: Runtime;
}

export function doTask(
  task: Task,
  { digits, scale, runtime }: World,
  onProgress: (share: number) => void,
): Promise<Results[keyof Results]> {
  switch (task.kind) {
    case 'classifier':
      return trainClassifier(CLASSIFIERS[task.classifier], digits, task.seed, scale, runtime, onProgress);
    case 'pretraining':
      return pretrainWeights(digits, scale, runtime, onProgress);
    case 'detector':
      return trainAndJudge(task.detector, task.start, digits, scale, runtime, onProgress);
    case 'times':
      return timeDetector(task, digits, scale, runtime, onProgress);
  }
}

export function titleOf(task: Task): string {
  switch (task.kind) {
    case 'classifier':
      return `${CLASSIFIERS[task.classifier].name}, seed ${task.seed}`;
    case 'pretraining':
      return 'weights that all detectors start from';
    case 'detector':
      return task.detector;
    case 'times':
      return `times of ${task.detector}`;
  }
}
