import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNpm } from '../../scripts/programs.mjs';
import { inProject } from '../../scripts/project.mjs';
import { fail, run, skipped, step } from '../../scripts/step.mjs';
import { forgetPassed, hasPassed, notePassed, pack, stampOf, tarball, tool } from './consumer-folder.mjs';

const name = 'pyramid-pool-extract';
const allowed = [
  /^(package\.json|README\.md|LICENSE-(APACHE|MIT))$/,
  /^dist\/(main|worker|shared-\w+)\.js$/,
  /^dist\/launcher\.cjs$/,
];
const needed = ['README.md', 'LICENSE-APACHE', 'LICENSE-MIT', 'dist/launcher.cjs', 'dist/main.js'];

const model = inProject('test', 'interop', 'onnx', 'documented', 'model.onnx');

/** Width and height of the images that the installed command is run on. */
const images = { 'wide.jpg': [90, 40], 'tall.png': [31, 64], 'folder/small.webp': [17, 17] };

/**
 * Installs the packed packages into a fresh folder outside the project, where only what they bring is found, and runs the command as
 * its users do.
 *
 * @param {string[]} library files of the library's package
 */
export async function testExtract(library, again) {
  let packed;
  await step(`packing ${name}`, async () => {
    packed = await pack('extract');
    const strangers = packed.files.filter((file) => !allowed.some((pattern) => pattern.test(file)));
    const missing = needed.filter((file) => !packed.files.includes(file));
    if (strangers.length > 0) fail(`${name} holds ${strangers.join(', ')}.`);
    if (missing.length > 0) fail(`${name} lacks ${missing.join(', ')}.`);
    await run(tool('.bin', 'publint'), ['--strict', packed.tarball]);
    return `${name} packed: ${packed.files.length} files, ${(packed.size / 1000).toFixed(1)} kB`;
  });
  const files = [...library, ...packed.files.map((file) => join('extract', file))];
  const stamp = stampOf(name, files);
  if (!again && hasPassed(name, stamp)) {
    return step(name, () => skipped(`${name}: nothing has changed since it passed`));
  }
  forgetPassed(name);
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  try {
    await step(`${name}: installing`, () => install(folder, packed.tarball));
    await step(`${name}: npx`, () => tryCommand(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  notePassed(name, stamp);
}

async function install(folder, extractTarball) {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const flags = ['--no-package-lock', '--no-audit', '--no-fund', '--prefer-offline'];
  await runNpm(['install', ...flags, tarball, extractTarball], { cwd: folder });
}

async function tryCommand(folder) {
  const sharp = createRequire(join(folder, 'node_modules', name, 'package.json'))('sharp');
  mkdirSync(join(folder, 'photos', 'folder'), { recursive: true });
  for (const [file, [width, height]] of Object.entries(images)) {
    await sharp({ create: { width, height, channels: 3, background: '#4080c0' } }).toFile(
      join(folder, 'photos', file),
    );
  }
  const npx = (...args) => runNpm(['exec', '--offline', '--', name, ...args], { cwd: folder });
  await npx('photos', '--model', model, '--out', 'vectors');
  const { counts } = JSON.parse(readFileSync(join(folder, 'vectors', 'manifest.json'), 'utf8'));
  const found = JSON.stringify(counts);
  const expected = JSON.stringify({ parts: 1, vectors: 3, failed: 0 });
  if (found !== expected) fail(`${name} made ${found} instead of ${expected}.`);
  const verified = await npx('verify', 'vectors');
  if (!verified.includes('3 vectors computed again: the same bits')) fail(verified);
  return `${name}: ${counts.vectors} vectors made and verified by npx`;
}
