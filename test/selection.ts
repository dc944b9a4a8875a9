/**
 * Which test files run where. Node runs all. An isolated page of each browser runs all but those of pure TypeScript;
 * pages without isolation and workers run those whose answer depends on the kind of page: threads, memory and golden
 * data. `TEST_EVERYWHERE=1` runs all files everywhere.
 */
const everywhere = process.env.TEST_EVERYWHERE === '1';

const unit = 'test/unit/**/*.test.ts';
const interop = 'test/interop/**/*.test.ts';
const browser = 'test/browser/**/*.test.ts';
const named = (names: string) => `test/{unit,interop}/{${names}}.test.ts`;

/** Rewriting ONNX files is the same code on every host. */
const pure = named('onnx-cut,onnx-branches,onnx-wrong');

/** Without shared memory there is one thread. */
const single = named('golden,variants,threads,errors,concurrent-calls,overlap,tensors,traps,ort,handles');

/** In Node. */
export const inNode = { include: [unit, interop, 'test/{node,edge,extract}/**/*.test.ts'] };

/** On a page of a browser. */
export const onPages = (isolated: boolean) => ({
  include: isolated || everywhere ? [unit, interop, browser] : [single, browser],
  exclude: everywhere ? [] : [pure],
});

const everyFile = '.';

/** Files of test/unit that run in a worker of a browser as well. Without isolation a worker has one thread, as its page has. */
export const inWorkers = {
  isolated: everywhere ? everyFile : '/(golden|variants|threads|tensors|traps|property)\\.test\\.ts$',
  others: everywhere ? everyFile : '/(golden|variants)\\.test\\.ts$',
};
