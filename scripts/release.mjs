import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli } from './cli.mjs';
import { installedProgram, runNpm } from './programs.mjs';
import { inProject } from './project.mjs';
import { fail, run, step } from './step.mjs';
import { nativeEnv, provideNative } from './toolchain.mjs';
import { released, statedVersions } from './versions.mjs';

const help = `
Usage: npm run release [-- --dry-run]

Builds the package, makes the tarball and the crate, and checks both: what they hold, that every file states the same version, that the
tarball installs into an empty folder and pools there, that the crate's tests run from its package. Then publishes both, and
tags the commit; with --dry-run it does not. A version that is published already is left as it is.`;

const folder = inProject('target', 'release-check');

async function release(args) {
  const dry = args.includes('--dry-run');
  const { version, repository } = released();
  checkVersions(version);
  if (!dry) checkReady(repository);
  const { build } = await import('./build.mjs');
  await build();
  let tarball = '';
  await step('tarball checked', async () => {
    tarball = await checkTarball();
    return 'tarball checked';
  });
  let second = '';
  await step('tarball of pyramid-pool-extract checked', async () => {
    second = await checkSecond();
  });
  const toolchain = await provideNative();
  await step('crate checked', () => checkCrate(version, toolchain));
  if (dry) return console.log(`Nothing was published. The tarballs are ${tarball} and ${second}.`);
  await publish(version, { 'pyramid-pool': tarball, 'pyramid-pool-extract': second }, toolchain);
}

function checkVersions(version) {
  for (const [file, stated] of Object.entries(statedVersions()))
    if (stated !== version)
      fail(
        `package.json says ${version}, ${file} says ${stated}: \`npm run release:version\` writes all of them.`,
      );
}

/** What may be wrong until the first release, and not after it. */
function checkReady(repository) {
  if (repository.includes('OWNER'))
    fail('package.json names no repository yet: put its owner in place of OWNER.');
  if (/^## \d\S* \(unreleased\)/m.test(readFileSync(inProject('CHANGELOG.md'), 'utf8')))
    fail('CHANGELOG.md calls this version unreleased: give it its date.');
}

/** What the tarball may hold. */
const allowed =
  /^(dist\/|(static|tfjs|tfjs-core|onnx)\/|(package\.json|README\.md|CHANGELOG\.md|LICENSE-(APACHE|MIT))$)/;

const program = `
import { createPyramidPool } from 'pyramid-pool';
const pool = await createPyramidPool({ levels: [4, 2, 1] });
const { data, dims } = pool.forward({ data: new Float32Array(2 * 13 * 17).fill(3), dims: [1, 2, 13, 17] });
if (dims.join() !== '1,42' || !data.every((value) => value === 3)) throw new Error('it pooled wrong');
`;

async function checkTarball() {
  rmSync(folder, { recursive: true, force: true });
  const consumer = join(folder, 'consumer');
  mkdirSync(consumer, { recursive: true });
  const [{ filename, files }] = JSON.parse(await runNpm(['pack', '--json', '--pack-destination', folder]));
  checkFiles(files.map(({ path }) => path));
  const tarball = join(folder, filename);
  writeFileSync(join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n');
  writeFileSync(join(consumer, 'main.js'), program);
  // It has no dependencies, so it must install without a registry.
  await runNpm(['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: consumer });
  await run(process.execPath, ['main.js'], { cwd: consumer });
  return tarball;
}

/** What the tarball of the second package may hold, and what it must. */
const allowedSecond = /^(dist\/[\w-]+\.c?js|package\.json|README\.md|CHANGELOG\.md|LICENSE-(APACHE|MIT))$/;
const neededSecond = ['dist/launcher.cjs', 'dist/main.js', 'dist/worker.js', 'README.md', 'LICENSE-MIT'];

/** Packs the second package. What it depends on is not on every machine, so only its files and its help are looked at. */
async function checkSecond() {
  const cwd = inProject('extract');
  const [{ filename, files }] = JSON.parse(
    await runNpm(['pack', '--json', '--pack-destination', folder], { cwd }),
  );
  const paths = files.map(({ path }) => path);
  const strange = paths.filter((path) => !allowedSecond.test(path));
  const missing = neededSecond.filter((path) => !paths.includes(path));
  if (strange.length > 0) fail(`The tarball of pyramid-pool-extract holds ${strange.join(', ')}.`);
  if (missing.length > 0) fail(`The tarball of pyramid-pool-extract has no ${missing.join(', ')}.`);
  await run(process.execPath, [inProject('extract', 'dist', 'launcher.cjs'), '--help']);
  return join(folder, filename);
}

function checkFiles(paths) {
  const strange = paths.filter((path) => !allowed.test(path));
  if (strange.length > 0) fail(`The tarball holds what it should not: ${strange.join(', ')}.`);
  const { exports } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const missing = filesIn(exports).filter((path) => !paths.includes(path));
  if (missing.length > 0) fail(`package.json exports what the tarball does not hold: ${missing.join(', ')}.`);
}

/** The files that the conditions of package.json's \`exports\` name. */
function filesIn(exports) {
  if (typeof exports === 'string') return [exports.replace(/^\.\//, '').replace(/\?.*/, '')];
  return Object.values(exports).flatMap(filesIn);
}

/** Packs the crate, and runs its tests where nothing of the project lies beside it. */
async function checkCrate(version, toolchain) {
  const env = nativeEnv(toolchain);
  await run(toolchain.cargo, ['package', '--package', 'pyramid-pool', '--allow-dirty', '--no-verify'], {
    env,
  });
  const crate = inProject('target', 'package', `pyramid-pool-${version}.crate`);
  await run('tar', ['-xzf', crate, '-C', folder]);
  const cwd = join(folder, `pyramid-pool-${version}`);
  for (const name of ['README.md', join('src', 'lib.rs')])
    if (!existsSync(join(cwd, name))) fail(`The crate's package has no ${name}.`);
  // Not a member of the project's workspace, in whose folder it lies.
  const manifest = join(cwd, 'Cargo.toml');
  writeFileSync(manifest, `${readFileSync(manifest, 'utf8')}\n[workspace]\n`);
  const settings = {
    // The same folder every time, so that a second check is quick.
    CARGO_TARGET_DIR: inProject('target', 'release-crate'),
    // As in the project's workspace, whose profiles stay behind: random tests run thousands of cases.
    CARGO_PROFILE_TEST_OPT_LEVEL: '2',
  };
  await run(toolchain.cargo, ['test', '--locked'], { cwd, env: { ...env, ...settings } });
}

async function publish(version, tarballs, toolchain) {
  // The second one depends on the first.
  for (const [name, tarball] of Object.entries(tarballs)) {
    const isOnNpm = await runNpm(['view', `${name}@${version}`, 'version']).catch(() => '');
    if (isOnNpm.trim()) continue;
    await step(`publishing ${name}`, () =>
      runNpm(['publish', tarball, '--provenance', '--access', 'public']),
    );
  }
  const env = nativeEnv(toolchain);
  const isOnCrates = await run(
    toolchain.cargo,
    ['info', `pyramid-pool@${version}`, '--registry', 'crates-io'],
    {
      env,
      cwd: folder,
    },
  ).catch(() => '');
  if (!isOnCrates)
    await step('publishing the crate', () =>
      run(toolchain.cargo, ['publish', '--package', 'pyramid-pool', '--locked'], { env }),
    );
  const [node, changeset] = installedProgram('@changesets/cli', 'changeset');
  // Said aloud: by this line the action of the workflow knows what was released.
  console.log(await run(node, [changeset, 'tag']));
}

await cli(import.meta, help, release);
