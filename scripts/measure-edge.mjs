import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cli } from './cli.mjs';
import { bundleEdge, startWorkerd } from './edge.mjs';
import { inProject } from './project.mjs';

const help = `
Usage: npm run measure:edge

Measures what the example worker of demo/edge adds to an empty worker in Cloudflare's workerd: from the start of the
process to the first answer, by turns, and what it takes on the wire. Needs a built package.`;

const rounds = 25;
const map = { dims: [1, 256, 13, 13], body: new Uint8Array(4 * 256 * 13 * 13) };

async function measure() {
  const edge = await bundleEdge();
  const workers = { empty: writeEmpty(), pooling: edge };
  const times = { empty: [], pooling: [] };
  for (let round = -1; round < rounds; round++) {
    for (const [name, folder] of Object.entries(workers)) {
      const time = await firstAnswer(folder);
      // The first round warms the disk.
      if (round >= 0) times[name].push(time);
    }
  }
  const added = times.pooling.map((time, round) => time - times.empty[round]);
  console.log(`First answer of a fresh workerd, quartiles of ${rounds} rounds:`);
  console.log(`  an empty worker     ${quartiles(times.empty)}`);
  console.log(`  the example worker  ${quartiles(times.pooling)}`);
  console.log(
    `  the difference      ${quartiles(added)}: loading, start-up and one map of ${map.dims.join(' x ')}`,
  );
  for (const name of readdirSync(edge)) console.log(sizeOf(`  ${name}`, readFileSync(join(edge, name))));
  console.log(
    sizeOf('  together', Buffer.concat(readdirSync(edge).map((name) => readFileSync(join(edge, name))))),
  );
}

/** Milliseconds from the start of the process to the end of the first answer. */
async function firstAnswer(folder) {
  const start = performance.now();
  const miniflare = await startWorkerd(folder);
  const url = `http://edge/pool?dims=${map.dims}`;
  const headers = { 'content-type': 'application/octet-stream' };
  const response = await miniflare.dispatchFetch(url, { method: 'POST', headers, body: map.body });
  await response.arrayBuffer();
  const time = performance.now() - start;
  if (!response.ok) throw new Error(`the worker answered ${response.status}`);
  await miniflare.dispose();
  return time;
}

/** A worker that reads the body and answers as many bytes as the example does. */
function writeEmpty() {
  const folder = inProject('target', 'edge-empty');
  mkdirSync(folder, { recursive: true });
  const code =
    'export default { async fetch(it) { await it.arrayBuffer(); return new Response(new Uint8Array(21504)); } };\n';
  writeFileSync(join(folder, 'main.js'), code);
  return folder;
}

const quartiles = (values) =>
  [1, 2, 3]
    .map((part) => values.toSorted((a, b) => a - b)[Math.floor(((values.length - 1) * part) / 4)])
    .map((time) => `${time.toFixed(0)} ms`)
    .join(', ');

const sizeOf = (name, bytes) =>
  `${name}: ${(bytes.length / 1000).toFixed(1)} kB, ${(gzipSync(bytes, { level: 9 }).length / 1000).toFixed(1)} kB gzipped`;

await cli(import.meta, help, measure);
