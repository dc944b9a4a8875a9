import { cli } from './cli.mjs';
import { inProject } from './project.mjs';
import { show, step } from './step.mjs';
import { nativeEnv, provideNative } from './toolchain.mjs';
import { denyTool, provideTool, toolPath } from './tools.mjs';

const help = `
Usage: npm run deny [-- CHECK...]

Holds the crate's dependencies to deny.toml: licenses, bans (duplicates among them) and sources, or the checks that are named.
\`advisories\` is one more; it fetches the RustSec database from GitHub. Installs cargo-deny first, which takes minutes.`;

async function deny(args) {
  await step(`installing ${denyTool.crate}`, () => provideTool(denyTool));
  const checks = args.length > 0 ? args : ['licenses', 'bans', 'sources'];
  const env = nativeEnv(await provideNative());
  await show(toolPath(denyTool.program), ['--config', 'deny.toml', '--locked', 'check', ...checks], {
    env,
    cwd: inProject(),
  });
}

await cli(import.meta, help, deny);
