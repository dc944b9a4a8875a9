// Runs before `npm ci`, so nothing here may come from node_modules.

import { existsSync, statSync } from 'node:fs';
import { browsers, findBrowser, howToInstall, provideBrowser } from './browsers.mjs';
import { cli } from './cli.mjs';
import { runNpm } from './programs.mjs';
import { inProject } from './project.mjs';
import { providePython } from './python.mjs';
import { findRedis, provideRedis } from './redis.mjs';
import { fail, skipped, step } from './step.mjs';
import { findToolchain, provideToolchain } from './toolchain.mjs';
import { provideTool, tools } from './tools.mjs';

const help = `
Usage: npm run setup
       node scripts/setup.mjs [--browsers]

Provides what the project is built with: the npm dependencies, a Rust that builds WebAssembly, wasm-pack and
wasm-bindgen in .tools, and with --browsers the browsers, the Python and the Redis of the tests, where they can be installed. What is already there is left as it is.`;

const oldestNode = 20;

/** Provides what the project is built with; with `browsers`, also what it is tested with. */
export async function setup({ browsers: withBrowsers = false } = {}) {
  checkNode();
  await step('installing npm dependencies', installDependencies);
  await step('finding Rust', provideRust);
  await Promise.all(tools.map((tool) => step(`installing ${tool.crate}`, () => provideTool(tool))));
  if (withBrowsers) {
    await step('finding Python', providePython);
    await provideBrowsers();
    await step('finding Redis', provideBroker);
  }
}

function checkNode() {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) < oldestNode)
    fail(`Node ${node} is too old: ${oldestNode} or newer is needed.`);
}

async function installDependencies() {
  if (areDependenciesFresh()) return skipped('npm dependencies already there');
  await runNpm(['ci', '--no-audit', '--no-fund']);
  return 'npm dependencies installed';
}

function areDependenciesFresh() {
  const installed = inProject('node_modules', '.package-lock.json');
  const changed = (file) => statSync(file).mtimeMs;
  return existsSync(installed) && changed(installed) >= changed(inProject('package-lock.json'));
}

async function provideRust() {
  const had = await findToolchain();
  const toolchain = had ?? (await provideToolchain());
  const name = `Rust ${toolchain.version.match(/^release: (.+)$/m)[1]} in ${toolchain.bin}`;
  return had ? skipped(name) : `${name} installed`;
}

async function provideBrowsers() {
  // One after another, as they use the same package manager.
  for (const [name, { title }] of Object.entries(browsers)) {
    await step(`finding ${title}`, async () => {
      const had = findBrowser(name);
      if (had) return skipped(`${title} is ${had}`);
      const installed = await provideBrowser(name);
      return installed ? `${title} is ${installed}` : skipped(howToInstall(name));
    });
  }
}

async function provideBroker() {
  const had = findRedis();
  if (had) return skipped(`Redis is ${had}`);
  const installed = await provideRedis();
  return installed
    ? `Redis is ${installed}`
    : skipped('no Redis or Valkey: tests of queues are left out; install redis-server for them');
}

await cli(import.meta, help, (args) => setup({ browsers: args.includes('--browsers') }));
