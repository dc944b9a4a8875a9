// Sets up first, so nothing here may come from node_modules.

import { cli } from './cli.mjs';
import { installedProgram } from './programs.mjs';
import { inProject } from './project.mjs';
import { forget, noteBroken, readBroken } from './results.mjs';
import { setup } from './setup.mjs';
import { run, show, skipped, step } from './step.mjs';
import { nativeEnv, provideNative } from './toolchain.mjs';

const help = `
Usage: npm test [-- VITEST-ARGUMENTS]

Sets up what is missing, builds the package, then runs the crate's tests and the package's, in Node and in every
browser that is there, and tries the packed package with each kind of consumer. Arguments go to vitest: \`npm test -- backward\` runs the test files whose names hold "backward".`;

/** Runs every test. */
export async function test(args = []) {
  await setup({ browsers: true });
  const { build } = await import('./build.mjs');
  await build();
  await step('testing the crate', testCrate);
  await step('testing the host in Rust', testRustHost);
  await step('testing the package', () => testPackage(args));
  // A part of the tests was asked for.
  if (args.length > 0) return;
  const { testPackage: testConsumers } = await import('../test/package/run.mjs');
  await testConsumers();
}

async function testCrate() {
  const toolchain = await provideNative();
  await show(toolchain.cargo, ['test', '--workspace', '--locked'], { env: nativeEnv(toolchain) });
  return 'crate tested';
}

/** The host in Rust, where its engine can be had: a crate that stands by itself. */
async function testRustHost() {
  const toolchain = await provideNative();
  const env = { ...nativeEnv(toolchain), CARGO_TARGET_DIR: inProject('target', 'hosts') };
  const where = ['--locked', '--manifest-path', inProject('demo', 'hosts', 'rust', 'Cargo.toml')];
  try {
    await run(toolchain.cargo, ['fetch', ...where], { env });
  } catch {
    return skipped('the host in Rust is not tested: wasmi cannot be had');
  }
  await show(toolchain.cargo, ['test', '--release', ...where], { env });
  return 'host in Rust tested';
}

async function testPackage(args) {
  // Only a whole run tells what was tested.
  if (args.length > 0) await vitest(args);
  else await testWhole();
  return 'package tested';
}

async function testWhole() {
  const reporters = ['--reporter=default', '--reporter=./test/results-reporter.ts'];
  forget('vitest');
  noteBroken([]);
  try {
    await vitest(reporters);
  } catch (failure) {
    const again = process.env.CI ? readBroken() : [];
    if (again.length === 0) throw failure;
    // Where nobody looks on. Pages of WebKitGTK crash now and then; a fault fails twice.
    console.log(`${failure.message}\nOnce more, in a browser started anew: ${again.join(', ')}.`);
    await vitest([...reporters, ...again.map((project) => `--project=${project}`)]);
  }
}

function vitest(args) {
  const [node, script] = installedProgram('vitest');
  return show(node, [script, 'run', ...args]);
}

await cli(import.meta, help, test);
