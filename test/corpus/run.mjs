/**
 * Checks the corpus on the host that runs this: `node test/corpus/run.mjs [MODULE]`, where MODULE is the package, by name or
 * URL. Ends with code 1 where a hash differs.
 */
import { expected, hashOf } from './corpus.mjs';

const api = await import(globalThis.process?.argv[2] ?? 'pyramid-pool');
const choices = [
  { variant: 'scalar' },
  { variant: 'simd' },
  ...Array.from({ length: 8 }, (_, i) => ({ variant: 'simd-threads', threads: i + 1 })),
];
let wrong = 0;
for (const choice of choices) {
  const runtime = await api.createRuntime(choice);
  const hash = await hashOf(api, runtime);
  console.log(hash === expected ? 'same' : 'DIFFERS', hash, `${runtime.variant} x ${runtime.threads}`);
  if (hash !== expected) wrong++;
  runtime.dispose();
}
if (wrong > 0) globalThis.process.exitCode = 1;
