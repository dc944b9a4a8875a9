/** A worker that runs a test file, by the runner that vitest itself is made of. */
import { startTests, type Task, type VitestRunner } from '@vitest/runner';
import './setup.js';

const files = import.meta.glob('../unit/*.test.ts');

/** What became of a test file. */
export interface Outcome {
  passed: number;
  /** The tests that failed, and why. */
  failures: string[];
  /** The variants that gave the expected bits. */
  variants: string[];
}

const config = {
  root: '/',
  setupFiles: [],
  passWithNoTests: false,
  allowOnly: false,
  sequence: { seed: 0, hooks: 'stack', setupFiles: 'list' },
  maxConcurrency: 1,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 0,
  includeTaskLocation: false,
  tags: [],
  strictTags: false,
} as unknown as VitestRunner['config'];

/** Tells the name of each test that begins, and at the end what became of all. */
addEventListener('message', async ({ data: path }) => {
  const importFile = async () => {
    await files[path]!();
  };
  const onBeforeRunTask = ({ fullName }: Task) => postMessage(fullName);
  const outcome: Outcome = { passed: 0, failures: [], variants: [] };
  for (const file of await startTests([path], { config, importFile, onBeforeRunTask })) count(file, outcome);
  postMessage(outcome);
});

function count(task: Task, outcome: Outcome): void {
  for (const error of task.result?.errors ?? []) outcome.failures.push(`${task.fullName}: ${error.message}`);
  if (task.type === 'suite') for (const child of task.tasks) count(child, outcome);
  else if (task.result?.state === 'pass') {
    outcome.passed++;
    outcome.variants.push(...(task.meta.variants ?? []));
  }
}
