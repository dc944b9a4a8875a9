import { existsSync } from 'node:fs';
import { inProject } from './project.mjs';
import { nothing, run, step } from './step.mjs';

/** Compiles the TypeScript part. */
export async function buildTs() {
  await step('building TypeScript', async () => {
    if (!existsSync(inProject('tsconfig.json'))) return nothing('TypeScript: no tsconfig.json');
    await run('npx', ['tsc', '-p', '.']);
    return 'TypeScript built';
  });
}
