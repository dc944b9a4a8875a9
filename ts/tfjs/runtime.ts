import * as payload from '#wasm/simd';
import { messageOf, PyramidPoolError } from '../core/errors.js';
import { WasmMemory } from '../memory/wasm-memory.js';
import { instantiateNow } from '../runtime/instantiate.js';
import { Runtime } from '../runtime/runtime.js';

let own: Runtime | undefined;

/**
 * The runtime of operations that are not given one, made on first use: at once, since operations of tfjs do not wait.
 * It is of the variant `simd`, which every host of tfjs can run and which needs no workers.
 */
export function runtimeNow(): Runtime {
  if (!own || !Runtime.isUsable(own)) own = makeRuntime();
  return own;
}

function makeRuntime(): Runtime {
  try {
    const { kernels, memory, module } = instantiateNow(payload);
    const choice = { variant: 'simd', threads: 1, fallback: undefined } as const;
    return new Runtime(new WasmMemory(memory, kernels), module, choice, {});
  } catch (cause) {
    throw new PyramidPoolError(
      'unsupported',
      `this host cannot make a runtime while an operation runs (${messageOf(cause)}): pass options.runtime, made by createRuntime`,
      { cause },
    );
  }
}
