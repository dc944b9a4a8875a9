import { proxy, type Remote, wrap } from 'comlink';
import type { OnLoading } from '../net/ort.js';
import { failureOf } from '../ui/worker.js';
import type { DetectorDesk } from './detector-desk.js';

export type RemoteDetector = Remote<DetectorDesk>;

let detector: Promise<RemoteDetector> | undefined;

/** The worker of the detectors, started when it is first asked for. */
export function loadDetector(onLoading: OnLoading): Promise<RemoteDetector> {
  detector ??= load(onLoading).catch((error: unknown) => {
    detector = undefined;
    throw error;
  });
  return detector;
}

async function load(onLoading: OnLoading): Promise<RemoteDetector> {
  const worker = new Worker(new URL('./detector.worker.ts', import.meta.url), { type: 'module' });
  const desk = wrap<DetectorDesk>(worker);
  try {
    await Promise.race([desk.open(proxy(onLoading)), failureOf(worker)]);
    return desk;
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
