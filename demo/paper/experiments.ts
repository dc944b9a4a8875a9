import { DETECTORS, type DetectorName } from '../detect/detectors.js';
import { CLASSIFIERS, type ClassifierResult } from './classifiers.js';
import type { DetectorResult, DetectorTimes } from './detectors.js';
import type { ProcessPool } from './process-pool.js';
import type { Scale } from './scale.js';

/** All that the page is written from. */
export interface Findings {
  readonly classifiers: readonly ClassifierResult[];
  readonly detectors: readonly DetectorResult[];
  readonly times: readonly DetectorTimes[];
}

const NAMES = Object.keys(DETECTORS) as DetectorName[];

/** The same by how long they take to train and to judge, the quickest first. */
const QUICKEST_FIRST: readonly DetectorName[] = [
  'SPP-net, one scale',
  'R-CNN',
  'SPP-net, five scales',
  'Fast R-CNN, roi-pool',
  'Fast R-CNN, roi-align',
];

/** How many tasks the experiments are. */
export function countTasks(scale: Scale): number {
  return CLASSIFIERS.length * scale.seeds + 1 + 2 * NAMES.length;
}

export async function runExperiments(pool: ProcessPool, scale: Scale): Promise<Findings> {
  // The detectors take longest and have to wait for these weights.
  const pretraining = pool.do({ kind: 'pretraining' });
  const classifiers = CLASSIFIERS.flatMap((_, classifier) =>
    Array.from({ length: scale.seeds }, (_, i) => pool.do({ kind: 'classifier', classifier, seed: i + 1 })),
  );
  const start = await pretraining;
  // Each goes before those that wait, so the longest is done first: short tasks at the end keep all processes busy.
  const detecting = new Map(
    QUICKEST_FIRST.map((detector) => [detector, pool.doNext({ kind: 'detector', detector, start })]),
  );
  const [trained, detectors] = await Promise.all([
    Promise.all(classifiers),
    Promise.all(NAMES.map((name) => detecting.get(name) as Promise<DetectorResult>)),
  ]);
  // One after another: nothing else may run meanwhile.
  const times: DetectorTimes[] = [];
  for (const { detector, weights } of detectors)
    times.push(await pool.do({ kind: 'times', detector, weights }));
  return { classifiers: trained, detectors, times };
}
