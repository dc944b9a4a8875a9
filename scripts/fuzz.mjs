import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli } from './cli.mjs';
import { withFirst } from './path.mjs';
import { inProject } from './project.mjs';
import { numberAfter, runRandomTests } from './random-tests.mjs';
import { show, step } from './step.mjs';
import { nativeEnv, provideNative } from './toolchain.mjs';
import { fuzzTool, provideTool, toolPath, toolsBin } from './tools.mjs';

const help = `
Usage: npm run fuzz [-- --minutes N] [--seed N] [--native | --package]

Random and hostile calls for ten minutes, or N: half of them libFuzzer with the address sanitizer on the crate, every
result held to the reference, half of them the package in Node. Says the seed, by which a run can be repeated.
Run \`npm run build\` first.`;

/** The targets in crate/fuzz. */
export const targets = ['plan', 'forward', 'indices', 'backward', 'regions'];

async function fuzz(args) {
  const minutes = numberAfter(args, '--minutes', 10);
  const seed = numberAfter(args, '--seed', Date.now() % 2 ** 31);
  const parts = ['--native', '--package'].filter((part) => args.includes(part));
  const has = (part) => parts.length === 0 || parts.includes(part);
  const share = has('--native') && has('--package') ? minutes / 2 : minutes;
  console.log(`seed ${seed}`);
  if (has('--native')) await fuzzNative(share, seed);
  if (has('--package'))
    await runRandomTests(['test/unit/fuzz.test.ts', 'test/unit/property.test.ts'], {
      seed,
      minutes: share / 2,
    });
}

/** Every target in turn. Any stable compiler that has the sanitizer will do, told to take the flags of an unstable one. */
async function fuzzNative(minutes, seed) {
  await step(`installing ${fuzzTool.crate}`, () => provideTool(fuzzTool));
  const toolchain = await provideNative();
  const native = nativeEnv(toolchain);
  const env = {
    ...native,
    PATH: withFirst(toolsBin, native.PATH),
    RUSTC_BOOTSTRAP: '1',
    CARGO_TARGET_DIR: inProject('target', 'fuzz'),
  };
  const cwd = inProject('crate', 'fuzz');
  for (const target of targets) {
    const corpus = inProject('target', 'fuzz', 'corpus', target);
    writeSeeds(corpus);
    const seconds = Math.max(1, Math.round((60 * minutes) / targets.length));
    const limits = [`-max_total_time=${seconds}`, '-max_len=1024', '-rss_limit_mb=3000', '-timeout=60'];
    const say = ['-verbosity=0', '-print_final_stats=1'];
    const command = ['run', '--fuzz-dir', '.', target, corpus, '--', `-seed=${seed}`, ...limits, ...say];
    console.log(`== ${target}, ${seconds} s`);
    await show(toolPath(fuzzTool.program), command, { cwd, env });
  }
}

/** A corpus to begin with: bytes from a plain generator, of all lengths that a case is drawn from. */
function writeSeeds(folder) {
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < 32; i++) {
    let state = i;
    const bytes = Uint8Array.from({ length: 16 + 24 * i }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
    writeFileSync(join(folder, `seed-${i}`), bytes);
  }
}

await cli(import.meta, help, fuzz);
