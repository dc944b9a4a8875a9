// How the programs that come with Node and with npm packages are started. On Windows `npm` and `npx` are batch files, which Node
// starts in a shell only; their scripts run in Node on every system.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inProject } from './project.mjs';
import { fail, run } from './step.mjs';

/**
 * The command that runs npm, without its arguments: the npm that started this process, or the one beside Node.
 *
 * @returns {[string, ...string[]]}
 */
export function npm({ platform = process.platform, env = process.env, node = process.execPath } = {}) {
  if (platform !== 'win32') return ['npm'];
  const script = env.npm_execpath ?? join(dirname(node), 'node_modules', 'npm', 'bin', 'npm-cli.js');
  return [node, script];
}

/** Runs npm, as `run` of step.mjs runs a command. */
export function runNpm(args, options) {
  const [command, ...script] = npm();
  return run(command, [...script, ...args], options);
}

/**
 * The command that runs a program of an installed npm package, without its arguments.
 *
 * @returns {[string, string]}
 */
export function installedProgram(name, program = name) {
  const folder = inProject('node_modules', ...name.split('/'));
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) fail(`${name} is not installed: \`npm run setup\` installs it.`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  return [process.execPath, join(folder, typeof bin === 'string' ? bin : bin[program])];
}
