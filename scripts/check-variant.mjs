import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { initialPages, variants } from './variants.mjs';
import { describeModule } from './wasm-module.mjs';

export const glue = 'pyramid_pool.js';
export const wasm = 'pyramid_pool_bg.wasm';

/** The differences between a built module and the variant's row in variants.mjs. */
export async function faultsOf(name, folder) {
  const { simd, threads } = variants[name];
  const file = join(folder, wasm);
  const module = await describeModule(file);
  const { memory } = module;
  const demands = [
    [WebAssembly.validate(readFileSync(file)), 'is not valid WASM'],
    [module.simd || !simd, 'holds no SIMD instruction'],
    [!module.simd || simd, 'holds SIMD instructions, which it must do without'],
    [memory.shared || !threads, 'has a memory that is not shared'],
    [memory.imported || !threads, 'makes its own memory, so that threads cannot share one'],
    [!memory.shared || threads, 'has a shared memory, which needs cross-origin isolation'],
    [!memory.imported || threads, 'needs a memory passed in'],
    [
      memory.pages <= initialPages,
      `starts with ${memory.pages} pages of memory, more than the ${initialPages} it may`,
    ],
    [
      !readFileSync(join(folder, glue), 'utf8').includes('import.meta'),
      'has glue that looks for a file beside itself',
    ],
  ];
  return demands.filter(([holds]) => !holds).map(([, fault]) => fault);
}
