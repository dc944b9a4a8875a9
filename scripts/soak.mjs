import { cli } from './cli.mjs';
import { writeFigures } from './figures.mjs';
import { numberAfter, runRandomTests } from './random-tests.mjs';

const help = `
Usage: npm run soak [-- --calls N] [--minutes N] [--seed N] [--write]

Makes a million calls, or N, of all kinds on one runtime, then trains the demo's network for an hour, or N minutes. Fails
unless memory stays flat.
With --write the figures go to docs/reliability.md. Run \`npm run build\` first.`;

const files = ['test/node/soak.test.ts', 'test/node/training.test.ts'];

await cli(import.meta, help, async (args) => {
  const figures = await runRandomTests(files, {
    seed: numberAfter(args, '--seed', Date.now() % 2 ** 31),
    minutes: numberAfter(args, '--minutes', 60),
    calls: numberAfter(args, '--calls', 1_000_000),
  });
  if (args.includes('--write')) writeFigures(figures);
});
