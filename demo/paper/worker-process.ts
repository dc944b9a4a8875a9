/** A process of the pool. TensorFlow.js trains on one thread, so each core has a process of its own. */
import { createRuntime } from 'pyramid-pool';
import { loadDigits, tfjsWasmFolder } from '../data/node-assets.js';
import { decodeDigits } from '../train/digits.js';
import { startTfjs } from '../train/tfjs.js';
import type { Answer, Order } from './messages.js';
import { doTask, type World } from './tasks.js';

let world: Promise<World> | undefined;

process.on('message', (order: Order) => {
  if ('scale' in order) world = open(order.scale);
  else
    work(order).catch((error: unknown) =>
      say({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
});
process.on('disconnect', () => process.exit());

async function open(scale: World['scale']): Promise<World> {
  const [raw, runtime] = await Promise.all([
    loadDigits(),
    // The other process has the other core.
    createRuntime({ threads: 1 }),
    startTfjs(tfjsWasmFolder()),
  ]);
  return { digits: decodeDigits(raw), runtime, scale };
}

async function work({ task }: Extract<Order, { task: unknown }>): Promise<void> {
  if (!world) throw new Error('no scale of the work was given');
  let told = 0;
  const onProgress = (share: number) => {
    if (performance.now() - told < 500) return;
    told = performance.now();
    say({ share });
  };
  say({ result: await doTask(task, await world, onProgress) });
}

function say(answer: Answer): void {
  process.send?.(answer);
}
