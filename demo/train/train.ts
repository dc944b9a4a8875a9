import { Trainer, type TrainerOptions, type TrainingProgress } from './trainer.js';
import { Yielder } from './yielder.js';

export type { TrainingProgress } from './trainer.js';

export interface TrainingOptions extends TrainerOptions {
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TrainingResult {
  readonly images: number;
  readonly seconds: number;
  /** Names of all sizes the network has seen. */
  readonly sizes: ReadonlySet<string>;
}

/** Trains to the end, and yields to the event loop now and then. */
export async function train(options: TrainingOptions): Promise<TrainingResult> {
  const trainer = new Trainer(options);
  const yielder = new Yielder();
  while (!trainer.done) {
    trainer.step();
    options.onProgress?.(trainer.progress);
    await yielder.yieldIfDue(options.signal);
  }
  const { images, seconds } = trainer.progress;
  return { images, seconds, sizes: trainer.sizes };
}
