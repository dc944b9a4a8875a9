import type { Machine } from '../machine.js';

/** Times of one module in one engine on one piece of work, in microseconds. Those of the same round were taken by turns. */
export interface EngineResult {
  readonly case: string;
  readonly operation: string;
  readonly engine: string;
  readonly module: string;
  readonly samples: readonly number[];
}

/** Milliseconds of compiling, instantiating, and the first call; bytes of machine code. Empty where an engine does not tell. */
export interface Start {
  readonly engine: string;
  readonly module: string;
  readonly compile?: number;
  readonly instantiate?: number;
  readonly first?: number;
  readonly code?: number;
}

/** Nanoseconds of an instruction in a chain. */
export interface ProbeResult {
  readonly probe: string;
  readonly engine: string;
  readonly samples: readonly number[];
}

export interface EnginesReport {
  readonly machine: Machine;
  readonly engines: readonly { readonly name: string; readonly engine: string; readonly version: string }[];
  readonly starts: readonly Start[];
  readonly probes: readonly ProbeResult[];
  readonly results: readonly EngineResult[];
}
