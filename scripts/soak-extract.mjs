import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cli } from './cli.mjs';
import { writeFigures } from './figures.mjs';
import { inProject } from './project.mjs';
import { numberAfter } from './random-tests.mjs';
import { fail } from './step.mjs';

const help = `
Usage: npm run soak:extract [-- --images N] [--kills N] [--seed N] [--write]

Has pyramid-pool-extract make the vectors of 100,000 small images, or N, and fails unless its memory stays flat (looked at on Linux).
Then kills it 30 times, or N times, at random moments, each time goes on with the same command, and fails unless the parts have the
same bytes as those of a run that nothing happened to.
With --write the figures go to docs/reliability.md. Run \`npm run build\` first.`;

const program = inProject('extract', 'dist', 'launcher.cjs');
const model = inProject('test', 'interop', 'onnx', 'documented', 'model.onnx');

/** Images that are different; files are copies of them. */
const DIFFERENT = 64;
const IMAGES_OF_KILLED_RUNS = 600;
/** How much more memory the last tenth of a run may hold than the third one. */
const FLAT = 1.1;

await cli(import.meta, help, async (args) => {
  const seed = numberAfter(args, '--seed', Date.now() % 2 ** 31);
  const folder = mkdtempSync(join(tmpdir(), 'soak-extract-'));
  const soak = { folder, random: generator(seed), images: await smallImages() };
  try {
    const figures = [
      await watchMemory(soak, numberAfter(args, '--images', 100_000)),
      await killAtRandom(soak, numberAfter(args, '--kills', 30)),
    ].map((it) => ({ ...it, name: `Node ${process.versions.node}: ${it.name}`, seed }));
    for (const line of figures) console.log(JSON.stringify(line));
    if (args.includes('--write')) writeFigures(figures);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

async function watchMemory(soak, images) {
  const { child, ended } = start(writeImages(soak, 'many', images), join(soak.folder, 'vectors'));
  const started = performance.now();
  const samples = [];
  const timer = setInterval(() => samples.push(residentBytes(child.pid)), 500);
  await whole(ended);
  clearInterval(timer);
  const minutes = Math.round((performance.now() - started) / 6000) / 10;
  const rss = tenths(samples.filter(Boolean));
  if (rss.length > 0 && rss[9] > FLAT * rss[2]) fail(`Memory grew: ${rss.join(', ')} bytes.`);
  return { name: 'vectors of small images', images, minutes, rss };
}

/** The bytes that a process holds; undefined where it has ended, and where there is no /proc. */
function residentBytes(pid) {
  try {
    return 1024 * Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  } catch {
    return undefined;
  }
}

/** The most of each tenth; nothing of a run of less than half a minute, most of which is its start. */
function tenths(samples) {
  if (samples.length < 60) return [];
  const edge = (i) => Math.floor((i * samples.length) / 10);
  return Array.from({ length: 10 }, (_, i) => Math.max(...samples.slice(edge(i), edge(i + 1))));
}

async function killAtRandom(soak, kills) {
  const photos = writeImages(soak, 'few', IMAGES_OF_KILLED_RUNS);
  const expectedFolder = join(soak.folder, 'expected');
  const began = performance.now();
  await whole(start(photos, expectedFolder).ended);
  const usual = performance.now() - began;
  const expected = hashesOf(expectedFolder);
  let killed = 0;
  let runs = 0;
  while (killed < kills) {
    const out = join(soak.folder, `killed ${runs++}`);
    for (let code = null; code !== 0; ) {
      const { child, ended } = start(photos, out);
      const moment = pause(1.2 * usual * soak.random());
      if (killed < kills) void moment.then(() => child.kill('SIGKILL'));
      const { code: given, signal, text } = await ended;
      code = given;
      if (signal) killed++;
      else if (code !== 0) fail(`${text}\nA run that went on after being killed ended with ${code}.`);
    }
    const hashes = hashesOf(out);
    if (JSON.stringify(hashes) !== JSON.stringify(expected)) {
      fail(`After being killed: ${JSON.stringify(hashes)}, instead of ${JSON.stringify(expected)}.`);
    }
  }
  return { name: 'killed at random moments', cases: killed, parts: Object.keys(expected).length, runs };
}

/** The parts of a folder: SHA-256 by name. Files that were left half written are a fault. */
function hashesOf(out) {
  const names = readdirSync(out).filter((name) => /^(part-|\.)/.test(name));
  return Object.fromEntries(
    names.sort().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(out, name)))
        .digest('hex'),
    ]),
  );
}

function start(photos, out) {
  const args = [program, photos, '--model', model, '--out', out, '--engine', 'web'];
  const child = spawn(process.execPath, args, { stdio: 'pipe' });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more) => {
      text += more;
    });
  }
  const ended = new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, text }));
  });
  return { child, ended };
}

async function whole(ended) {
  const { code, text } = await ended;
  if (code !== 0) fail(`${text}\npyramid-pool-extract ended with ${code}.`);
}

function writeImages({ folder, images }, name, count) {
  const photos = join(folder, name);
  for (let i = 0; i < count; i++) {
    const within = join(photos, String(Math.floor(i / 1000)));
    if (i % 1000 === 0) mkdirSync(within, { recursive: true });
    writeFileSync(join(within, `${i}.jpg`), images[i % DIFFERENT]);
  }
  return photos;
}

/** Images of 16 to 79 pixels a side. */
function smallImages() {
  const sharp = createRequire(inProject('extract', 'package.json'))('sharp');
  return Promise.all(
    Array.from({ length: DIFFERENT }, (_, i) => {
      const [width, height] = [16 + i, 16 + ((i * 37) % DIFFERENT)];
      const noise = { type: 'gaussian', mean: 128, sigma: 40 };
      return sharp({ create: { width, height, channels: 3, noise } })
        .jpeg()
        .toBuffer();
    }),
  );
}

/** Numbers from 0 to 1 by a generator of 32 bits. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
