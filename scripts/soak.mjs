import { cli } from './cli.mjs';
import { writeFigures } from './figures.mjs';
import { numberAfter, runRandomTests } from './random-tests.mjs';

const help = `
Usage: npm run soak [-- --calls N] [--seed N] [--write]

Makes a million calls, or N, of all kinds on one runtime, and fails unless memory stays flat.
With --write the figures go to docs/reliability.md. Run \`npm run build\` first.`;

await cli(import.meta, help, async (args) => {
  const figures = await runRandomTests(['test/node/soak.test.ts'], {
    seed: numberAfter(args, '--seed', Date.now() % 2 ** 31),
    calls: numberAfter(args, '--calls', 1_000_000),
  });
  if (args.includes('--write')) writeFigures(figures);
});
