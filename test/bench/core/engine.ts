import type { Answer } from './operation.js';
import type { Workload } from './workload.js';

/** An engine made ready for one piece of work. */
export interface PreparedEngine {
  /** Does the work once, on input number `turn`, counted through all inputs again and again. */
  run(turn: number): void | Promise<void>;
  /** What the last run gave, NCHW. */
  answer(): Answer | Promise<Answer>;
  /** What it must give where that is not what pooling gives, as for a sweep over memory. */
  expected?(turn: number): Answer;
  /** Milliseconds that `count` runs from `turn` on take, where only the engine can tell, as in another process. */
  time?(turn: number, count: number): Promise<number>;
  dispose(): void;
}

/** Something that can be measured. */
export interface Engine {
  readonly name: string;
  /** The package, what it is held against, or another library. */
  readonly kind: 'pyramid-pool' | 'yardstick' | 'peer';
  readonly about: string;
  /** Greatest difference from the expected values, relative to the largest of them; 0: the same bits. */
  readonly tolerance?: number;
  /** Gets ready, or gives nothing where this engine does not do such work. */
  prepare(workload: Workload): Promise<PreparedEngine | undefined>;
  dispose?(): void;
}
