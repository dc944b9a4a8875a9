/** Listens to the calls of a runtime into WebAssembly. */
import type { Runtime } from 'pyramid-pool';

/** Makes a runtime that calls `before` with the name of an export before each call of it. */
export async function withExports(
  make: () => Promise<Runtime>,
  before: (name: string) => void,
): Promise<Runtime> {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = class {
    constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      const exports = { ...new Instance(module, imports).exports };
      for (const [name, kernel] of Object.entries(exports)) {
        if (typeof kernel !== 'function') continue;
        exports[name] = (...numbers: number[]) => {
          before(name);
          return kernel(...numbers);
        };
      }
      Object.assign(this, { exports });
    }
  } as unknown as typeof Instance;
  try {
    return await make();
  } finally {
    WebAssembly.Instance = Instance;
  }
}
