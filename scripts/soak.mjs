import { cli } from './cli.mjs';
import { numberAfter, runRandomTests } from './random-tests.mjs';

const help = `
Usage: npm run soak [-- --calls N] [--seed N]

Makes a million calls, or N, of all kinds on one runtime, and fails unless memory stays flat.
Run \`npm run build\` first.`;

await cli(import.meta, help, (args) =>
  runRandomTests(['test/node/soak.test.ts'], {
    seed: numberAfter(args, '--seed', Date.now() % 2 ** 31),
    calls: numberAfter(args, '--calls', 1_000_000),
  }),
);
