import { cli } from './cli.mjs';
import { numberAfter } from './random-tests.mjs';
import { show } from './step.mjs';

const help = `
Usage: npm run bench:extract [-- --rounds N] [--images N] [--write]
       npm run bench:extract -- --models [--write]

Measures pyramid-pool-extract in 3 rounds, or N, of 150 images, or N: its parts on one thread, what it takes beyond the network alone,
two threads against one, and the queue beside local threads, where redis-server is installed.
With --models: images a second that one core makes by five networks, from small to large, by each ONNX Runtime that is installed.
With --write the figures go to docs/extract.md. Run \`npm run build\` first.`;

await cli(import.meta, help, async (args) => {
  const [rounds, images] = [numberAfter(args, '--rounds', 3), numberAfter(args, '--images', 150)];
  const what = args.includes('--models') ? ['models'] : [String(rounds), String(images)];
  const main = ['--import', 'tsx', 'test/bench/extract/main.ts', ...what];
  await show(process.execPath, args.includes('--write') ? [...main, '--write'] : main);
});
