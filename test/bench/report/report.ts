import type { Engine, Result } from '../core/index.js';
import type { Machine } from '../machine.js';

/** All that one run of the benchmark found. */
export interface Report {
  readonly machine: Machine;
  readonly engines: readonly Pick<Engine, 'name' | 'kind' | 'about'>[];
  /** Milliseconds from the import to the first result, in processes of their own; none where they cannot be started. */
  readonly coldStart: readonly number[] | undefined;
  readonly results: readonly Result[];
}
