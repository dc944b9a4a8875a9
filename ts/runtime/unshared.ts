import { MOST_UNSHARED_BYTES } from '../core/tuning.js';
import type { WasmMemory } from '../memory/wasm-memory.js';
import type { Instance } from './instantiate.js';

/**
 * A second instance beside that of a runtime with threads, over memory that is the calling thread's own: engines copy to and
 * from shared memory more slowly. It is made for the second call that asks for it, so that the first one has its result sooner;
 * where hosts compile only in the background it is there for later calls, and where that fails for none.
 */
export class Unshared<T extends { readonly memory: WasmMemory }> {
  readonly #make: () => Instance | Promise<Instance>;
  readonly #use: (instance: Instance) => T;
  #state: T | 'not asked for' | 'asked for' | 'being made' | 'none' = 'not asked for';

  /** `use` makes of an instance what calls need. */
  constructor(make: () => Instance | Promise<Instance>, use: (instance: Instance) => T) {
    this.#make = make;
    this.#use = use;
  }

  /** What a call over so many bytes of tensors uses, if the instance is there. */
  for(bytes: number): T | undefined {
    if (bytes > MOST_UNSHARED_BYTES) return undefined;
    if (this.#state === 'asked for') this.#begin();
    else if (this.#state === 'not asked for') this.#state = 'asked for';
    return this.made;
  }

  /** The instance, if it is there. */
  get made(): T | undefined {
    return typeof this.#state === 'object' ? this.#state : undefined;
  }

  /** Drops the instance. */
  close(): void {
    if (typeof this.#state === 'object') this.#state.memory.close();
    this.#state = 'none';
  }

  #begin(): void {
    this.#state = 'being made';
    const fail = () => {
      this.#state = 'none';
    };
    try {
      const made = this.#make();
      if (made instanceof Promise) made.then((instance) => this.#take(instance)).catch(fail);
      else this.#take(made);
    } catch {
      fail();
    }
  }

  #take(instance: Instance): void {
    // The runtime may have been disposed meanwhile.
    if (this.#state === 'being made') this.#state = this.#use(instance);
  }
}
