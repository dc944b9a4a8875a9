/** The detectors that are compared. */
import type { Runtime } from 'pyramid-pool';
import { createFastRcnn } from './fast-rcnn.js';
import type { Method } from './methods.js';
import { createRcnn } from './rcnn.js';
import { createSppNet, FIVE_SCALES, ONE_SCALE } from './spp-net.js';

export const DETECTORS = {
  'R-CNN': createRcnn,
  'SPP-net, one scale': (runtime: Runtime) => createSppNet(runtime, ONE_SCALE),
  'SPP-net, five scales': (runtime: Runtime) => createSppNet(runtime, FIVE_SCALES),
  'Fast R-CNN, roi-pool': (runtime: Runtime) => createFastRcnn(runtime, 'roi-pool'),
  'Fast R-CNN, roi-align': (runtime: Runtime) => createFastRcnn(runtime, 'roi-align'),
} as const satisfies Record<string, (runtime: Runtime) => Promise<Method>>;

export type DetectorName = keyof typeof DETECTORS;
