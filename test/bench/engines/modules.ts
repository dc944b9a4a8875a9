import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/** The modules that are measured. */
export const moduleFiles = {
  simd: file('dist/wasm/simd.wasm'),
  scalar: file('dist/wasm/scalar.wasm'),
  bound: file('target/bench/bounds.wasm'),
};

export type ModuleName = keyof typeof moduleFiles;

let made = 0;

/**
 * A module in base64, with a section that no other copy has: engines keep what they compiled, and would know it again.
 */
export function moduleText(name: ModuleName): string {
  const mark = Buffer.from(`mark${++made}-${process.pid}`);
  const section = Buffer.from([0, mark.length + 5, 4, ...Buffer.from('mark'), ...mark]);
  return Buffer.concat([readFileSync(moduleFiles[name]), section]).toString('base64');
}
