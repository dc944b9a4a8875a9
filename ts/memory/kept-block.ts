import { MOST_KEPT_BYTES } from '../core/tuning.js';
import { Scratch } from './wasm-memory.js';

/** A block of WASM memory that small synchronous calls use one after the other, so that none is allocated for each. */
export class KeptBlock extends Scratch {
  /** Whether a call uses it. */
  taken = false;

  /** Address of so many bytes, until they are released. Undefined where they are too many, or where the block is in use. */
  take(bytes: number): number | undefined {
    if (this.taken || bytes > MOST_KEPT_BYTES) return undefined;
    const address = this.atLeast(bytes);
    this.taken = true;
    // It stands for a block that is free.
    this.memory.access = undefined;
    return address;
  }

  release(): void {
    this.taken = false;
  }
}
