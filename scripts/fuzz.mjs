import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBrowser } from './browsers.mjs';
import { cli } from './cli.mjs';
import { writeFigures } from './figures.mjs';
import { prependToPath } from './path.mjs';
import { inProject } from './project.mjs';
import { numberAfter, runRandomTests } from './random-tests.mjs';
import { run, step } from './step.mjs';
import { nativeEnv, provideNative } from './toolchain.mjs';
import { fuzzTool, provideTool, toolPath, toolsBin } from './tools.mjs';

const help = `
Usage: npm run fuzz [-- --minutes N] [--seed N] [--native | --package] [--write]

Random and hostile calls for ten minutes, or N: half of them libFuzzer on the crate, with the address sanitizer where Rust
comes with it, every result held to the reference; half of them the package in Node and Chromium. Says the seed, by which a
run can be repeated.
With --write the figures go to docs/reliability.md. Run \`npm run build\` first.`;

/** The targets in crate/fuzz. */
export const targets = ['plan', 'forward', 'indices', 'backward', 'regions', 'align'];

async function fuzz(args) {
  const minutes = numberAfter(args, '--minutes', 10);
  const seed = numberAfter(args, '--seed', Date.now() % 2 ** 31);
  const parts = ['--native', '--package'].filter((part) => args.includes(part));
  const has = (part) => parts.length === 0 || parts.includes(part);
  const share = has('--native') && has('--package') ? minutes / 2 : minutes;
  console.log(`seed ${seed}`);
  const figures = has('--native') ? await fuzzNative(share, seed) : [];
  if (has('--package')) figures.push(...(await fuzzPackage(share, seed)));
  if (args.includes('--write')) writeFigures(figures);
}

/** Most of the time in Node, where all files run at once, the rest in Chromium, where it is installed. */
async function fuzzPackage(minutes, seed) {
  const files = ['fuzz', 'property', 'align-property', 'differential'].map(
    (name) => `test/unit/${name}.test.ts`,
  );
  const browser = findBrowser('chromium') ? 0.2 * minutes : 0;
  const figures = await runRandomTests(files, { seed, minutes: minutes - browser });
  if (browser === 0) return figures;
  const inBrowser = { project: 'chromium', seed, minutes: browser };
  return [...figures, ...(await runRandomTests(['test/unit/differential.test.ts'], inBrowser))];
}

/** Every target in turn. Any stable compiler that has the sanitizer will do, told to take the flags of an unstable one. */
async function fuzzNative(minutes, seed) {
  await step(`installing ${fuzzTool.crate}`, () => provideTool(fuzzTool));
  const toolchain = await provideNative();
  const native = nativeEnv(toolchain);
  const env = {
    ...native,
    PATH: prependToPath(toolsBin, native.PATH),
    RUSTC_BOOTSTRAP: '1',
    CARGO_TARGET_DIR: inProject('target', 'fuzz'),
  };
  const cwd = inProject('crate', 'fuzz');
  const sanitizer = await findSanitizer(toolchain);
  const what = sanitizer === 'none' ? 'crate' : `crate with ${sanitizer} sanitizer`;
  const figures = [];
  for (const target of targets) {
    const corpus = inProject('target', 'fuzz', 'corpus', target);
    writeSeeds(corpus);
    const seconds = Math.max(1, Math.round((60 * minutes) / targets.length));
    const limits = [`-max_total_time=${seconds}`, '-max_len=1024', '-rss_limit_mb=3000', '-timeout=60'];
    const say = ['-verbosity=1', '-print_final_stats=1'];
    const command = [
      'run',
      '--fuzz-dir',
      '.',
      '--sanitizer',
      sanitizer,
      target,
      corpus,
      '--',
      `-seed=${seed}`,
      ...limits,
      ...say,
    ];
    await step(`fuzzing ${target}`, async () => {
      // libFuzzer writes all its output to stderr.
      const said = await run(toolPath(fuzzTool.program), command, { cwd, env, withErrors: true });
      const cases = Number(said.match(/number_of_executed_units:\s*(\d+)/)?.[1]);
      figures.push({ name: `${what}: ${target}`, seed, cases });
      return `fuzzed ${target}: ${cases} cases`;
    });
  }
  return figures;
}

/** The sanitizer to use: `address`, or `none` where this distribution of Rust does not have it. */
async function findSanitizer({ rustc, version }) {
  const sysroot = (await run(rustc, ['--print', 'sysroot'])).trim();
  const host = version.match(/^host: (.+)$/m)[1];
  const libraries = readdirSync(join(sysroot, 'lib', 'rustlib', host, 'lib'));
  return libraries.some((name) => name.endsWith('_rt.asan.a')) ? 'address' : 'none';
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
