import { execFileSync } from 'node:child_process';

const RUNS = 15;

/** What a new process does: it loads the package, makes a runtime and a pool, and pools the map of case a. */
const script = `
const start = performance.now();
const { createPyramidPool, createRuntime } = await import(process.argv[1]);
const runtime = await createRuntime({ variant: 'simd' });
const pool = await createPyramidPool({ levels: [4, 2, 1], runtime });
const output = pool.forward({ data: new Float32Array(256 * 13 * 13).fill(1), dims: [1, 256, 13, 13] });
const end = performance.now();
if (!output.data.every((value) => value === 1)) throw new Error('a wrong answer');
console.log(end - start);
`;

/** Milliseconds from the import to the first result, one sample a process; only where this runs in Node. */
export function coldStart(): number[] | undefined {
  if (process.versions.bun || 'Deno' in globalThis) return undefined;
  const entry = new URL('../../dist/node/index.js', import.meta.url).href;
  const flags = ['--input-type=module', '--eval', script, entry];
  return Array.from({ length: RUNS }, () =>
    Number(execFileSync(process.execPath, flags, { encoding: 'utf8' })),
  );
}
