import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { runNpm } from '../../scripts/programs.mjs';
import { inProject } from '../../scripts/project.mjs';
import { run, skipped } from '../../scripts/step.mjs';
import { goldenModule } from './golden.mjs';

const source = (...names) => inProject('test', 'package', ...names);
/** Where consumers live: modules that are not the package's resolve to the tools here, and to the project's. */
const work = (...names) => inProject('target', 'consumers', ...names);

export const tarball = work('pyramid-pool.tgz');

/**
 * @typedef {object} Consumer the folder of a consumer, and ways to run programs in it
 * @property {string} folder
 * @property {NodeJS.ProcessEnv} env
 * @property {(...path: string[]) => string} tool a file among the tools
 * @property {(cmd: string, args: string[]) => Promise<object>} runAndParse runs a command; its last line is the answer
 * @property {(code: string) => Promise<string>} evaluate runs a module in Node
 */

/** Installs the tools that consumers share, unless they are there. */
export async function provideTools() {
  const names = ['package.json', 'package-lock.json'];
  const current = names.every(
    (name) => existsSync(work(name)) && readFileSync(source(name)).equals(readFileSync(work(name))),
  );
  if (current && existsSync(work('node_modules', '.package-lock.json')))
    return skipped('tools already there');
  mkdirSync(work(), { recursive: true });
  for (const name of names) cpSync(source(name), work(name));
  await runNpm(['ci', '--no-audit', '--no-fund'], { cwd: work() });
  return 'tools installed';
}

/** A file among the tools. */
export const tool = (...path) => work('node_modules', ...path);

/** Packs a package as it would be published: the one in this folder of the project. */
export async function pack(folder = '.') {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', work()];
  const [{ name, filename, size, files }] = JSON.parse(await runNpm(args, { cwd: inProject(folder) }));
  const packed = work(`${name}.tgz`);
  renameSync(work(filename), packed);
  return { tarball: packed, size, files: files.map(({ path }) => path) };
}

/**
 * Makes a consumer's folder anew and installs the packed package into it, as its user would.
 *
 * @returns {Promise<Consumer>}
 */
export async function installInto(name) {
  const folder = work(name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(source('consumers', name), folder, { recursive: true });
  for (const file of ['check.js', 'check.d.ts', '../corpus/corpus.mjs', '../corpus/random.mjs'])
    cpSync(source(file), join(folder, basename(file)));
  writeFileSync(join(folder, 'golden.js'), goldenModule());
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', DENO_NO_UPDATE_CHECK: '1' };
  const flags = ['--no-package-lock', '--no-audit', '--no-fund', '--offline'];
  await runNpm(['install', ...flags], { cwd: folder, env });
  return {
    folder,
    env,
    tool,
    evaluate: (code) => run(process.execPath, ['--input-type=module', '--eval', code], { cwd: folder, env }),
    async runAndParse(cmd, args) {
      const lines = (await run(cmd, args, { cwd: folder, env })).trim().split('\n');
      return JSON.parse(lines.at(-1));
    },
  };
}

/** A hash of the package's code and of all that a consumer is made of: where it has not changed, nor has the outcome. */
export function stampOf(name, packed) {
  const hash = createHash('sha256').update(process.version);
  const ofPackage = packed.filter((file) => file !== 'README.md').map((file) => inProject(file));
  const own = filesUnder(source()).filter((file) => belongsTo(name, file));
  for (const file of [...ofPackage, ...filesUnder(inProject('test', 'corpus')), ...own]) {
    hash.update(file).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

const belongsTo = (name, file) =>
  !file.startsWith(source('consumers')) || file.startsWith(source('consumers', name));

/** Whether the consumer passed with this stamp. */
export const hasPassed = (name, stamp) =>
  existsSync(stampFile(name)) && readFileSync(stampFile(name), 'utf8') === stamp;

export const notePassed = (name, stamp) => writeFileSync(stampFile(name), stamp);

export const forgetPassed = (name) => rmSync(stampFile(name), { force: true });

const stampFile = (name) => work(`${name}.passed`);

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}
