import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { WebSocket } from 'undici';
import { fill, kinds } from '../test/corpus/random.mjs';
import { cli } from './cli.mjs';
import { bundleEdge, startWorkerd } from './edge.mjs';
import { writeFigures } from './figures.mjs';
import { inProject } from './project.mjs';
import { numberAfter } from './random-tests.mjs';
import { fail } from './step.mjs';

const help = `
Usage: npm run load [-- --minutes N] [--connections N] [--write]

Puts the example worker of demo/edge, in Cloudflare's workerd, under as much load as it takes for a minute, or N, over 32
connections, or N: maps, pictures of digits and malformed requests in turns. Fails where an answer is not the expected one byte for byte, a
status is 5xx, a connection breaks, or the worker keeps more and more memory. With --write the figures go to docs/reliability.md. Run
\`npm run build\` first.`;

const agent = new http.Agent({ keepAlive: true });
const LOOKS = 10;

async function load(args) {
  const minutes = numberAfter(args, '--minutes', 1);
  const connections = numberAfter(args, '--connections', 32);
  const miniflare = await startWorkerd(await bundleEdge(), { port: 0, inspectorPort: 0 });
  try {
    const url = await miniflare.ready;
    const right = [...(await mapRequests()), ...(await pictureRequests(url))];
    const requests = interleaved(right, malformedRequests());
    const milliseconds = (60_000 * minutes) / LOOKS;
    const tally = { right: 0, refused: 0 };
    const heap = [];
    const rss = [];
    const started = performance.now();
    for (let look = 1; look <= LOOKS; look++) {
      const until = started + look * milliseconds;
      const users = Array.from({ length: connections }, (_, i) => use(url, requests, i, until, tally));
      await Promise.all(users);
      heap.push(await heapOf(miniflare));
      if (process.platform === 'linux') rss.push(memoryOf('workerd'));
    }
    const all = tally.right + tally.refused;
    const perSecond = Math.round((1000 * all) / (performance.now() - started));
    console.log(JSON.stringify({ ...tally, perSecond, heap, rss }));
    // It rises and falls as garbage is made and collected. The process as a whole grows, as with a worker that does nothing.
    const [before, after] = [heap.slice(0, LOOKS / 2), heap.slice(LOOKS / 2)];
    if (Math.min(...after) > Math.max(...before)) fail(`The worker keeps more and more: ${heap.join(', ')}.`);
    const figures = {
      name: 'edge example under load',
      seed: '',
      requests: all,
      ...tally,
      perSecond,
      heap,
      rss,
    };
    if (args.includes('--write')) writeFigures([figures]);
  } finally {
    agent.destroy();
    await miniflare.dispose();
  }
}

/** Sends one request after the other, from a place of its own in the list, and holds every answer to what it must be. */
async function use(url, requests, user, until, tally) {
  for (let at = 7 * user; performance.now() < until; at++) {
    const { path, status = 200, answer, ...request } = requests[at % requests.length];
    // Who refuses a request before its body was read closes the connection.
    const response = await send(new URL(path, url), { ...request, agent: status === 200 ? agent : false });
    const isRight =
      status === 200 ? answerIn(response.bytes, path).equals(answer) : response.bytes.includes('"error"');
    if (response.status !== status || !isRight)
      fail(`${path} gives status ${response.status}, ${response.bytes.toString('latin1', 0, 200)}`);
    tally[status === 200 ? 'right' : 'refused']++;
  }
}

async function send(url, sent) {
  const { method = 'POST', headers, body, agent } = sent;
  const type = { 'content-type': 'application/octet-stream' };
  const request = http.request(url, { method, headers: { ...type, ...headers }, agent }).end(body);
  try {
    const [response] = await once(request, 'response');
    return { status: response.statusCode, bytes: Buffer.concat(await response.toArray()) };
  } catch (error) {
    // A server may close a connection just when it is used again.
    if (request.reusedSocket && error.code === 'ECONNRESET') return send(url, { ...sent, agent: false });
    throw error;
  }
}

/** The items of both lists, those of the shorter one among the others. */
function interleaved(many, few) {
  const step = Math.floor(many.length / few.length);
  return many.flatMap((item, i) =>
    i % step === 0 && i / step < few.length ? [item, few[i / step]] : [item],
  );
}

/** Maps of many sizes, with the vectors that Node makes of them. */
async function mapRequests() {
  const { createPyramidPool } = await import('pyramid-pool');
  const shapes = [
    [1, 2, 5, 7],
    [3, 1, 1],
    [2, 16, 13, 13],
    [64, 7, 9],
    [1, 256, 13, 13],
    [1, 3, 40, 33],
  ];
  const pyramids = ['4,2,1', '6,3x2,1', '1'];
  const layouts = ['NCHW', 'NHWC'];
  const all = shapes.flatMap((dims) =>
    pyramids.flatMap((levels) => layouts.map((layout) => ({ dims, levels, layout }))),
  );
  return Promise.all(
    all.map(async ({ dims, levels, layout }, i) => {
      const data = mapOf(
        i,
        dims.reduce((a, b) => a * b),
      );
      const sizes = levels.split(',').map((level) => level.split('x').map(Number));
      const pool = await createPyramidPool({ levels: sizes.map(([n, m = n]) => [n, m]), layout });
      const vector = pool.forward({ data, dims });
      const path = `/pool?dims=${dims}&levels=${levels}&layout=${layout}`;
      const body = bytesOf(data);
      if (i % 3) return { path, body, answer: bytesOf(vector.data) };
      const headers = { accept: 'application/json' };
      return {
        path,
        body,
        headers,
        answer: Buffer.from(JSON.stringify({ dims: vector.dims, data: Array.from(vector.data) })),
      };
    }),
  );
}

/** Pictures of digits, as PNG and as raw pixels, with what the worker answers to each while nobody else asks. */
async function pictureRequests(url) {
  const { encode } = await import('fast-png');
  const digits = JSON.parse(readFileSync(inProject('demo', 'samples', 'digits.json'), 'utf8'));
  const requests = [];
  for (const { height, width, ink } of digits) {
    const data = Buffer.from(ink, 'base64');
    const png = Buffer.from(encode({ data, height, width, channels: 1, depth: 8 }));
    for (const request of [
      { path: '/', body: png, headers: { 'content-type': 'image/png' } },
      { path: `/?size=${height}x${width}`, body: data },
    ]) {
      const { status, bytes } = await send(new URL(request.path, url), { ...request, agent });
      if (status !== 200) fail(`${request.path} gives status ${status}, ${bytes}`);
      requests.push({ ...request, answer: answerIn(bytes, request.path) });
    }
  }
  return requests;
}

/** What is the same every time that a request is answered: for pictures, all but the milliseconds. */
function answerIn(bytes, path) {
  if (path.startsWith('/pool')) return bytes;
  const { ms, ...answer } = JSON.parse(bytes.toString());
  return Buffer.from(JSON.stringify(answer));
}

const mapOf = (seed, length) => fill(kinds[seed % 2], seed, length);

const bytesOf = ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength);

/** What a client may get wrong. */
function malformedRequests() {
  const path = '/pool?dims=1,2,5,7';
  const body = bytesOf(mapOf(1, 70));
  return [
    { path, body: body.subarray(1), status: 400 },
    { path, body: Buffer.alloc(100_000), status: 400 },
    { path, status: 400 },
    { path: '/pool', body, status: 400 },
    { path: '/pool?dims=10,7', body, status: 400 },
    { path: '/pool?dims=1,2,5,-7', body, status: 400 },
    { path: '/pool?dims=1,2,5,7.0', body, status: 400 },
    { path: `${path}&levels=0`, body, status: 400 },
    { path: `${path}&layout=%00`, body, status: 400 },
    { path: `/pool?dims=${'9'.repeat(5000)}`, body, status: 400 },
    { path: '/pool?dims=1,4096,64,64', body, status: 413 },
    { path: `${path}&levels=99999`, body, status: 413 },
    { path: `/pools?dims=1`, body, status: 404 },
    { path, body, method: 'PUT', status: 405 },
    { path, body, headers: { 'content-type': 'text/plain' }, status: 415 },
  ];
}

/** Bytes that the worker holds, buffers among them. */
async function heapOf(miniflare) {
  const inspector = await miniflare.getInspectorURL();
  const socket = new WebSocket(new URL('/core:user:', inspector));
  await once(socket, 'open');
  const answer = once(socket, 'message');
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' }));
  const [{ data }] = await answer;
  socket.close();
  const { usedSize, backingStorageSize } = JSON.parse(data).result;
  return usedSize + backingStorageSize;
}

/** Bytes that a child process of this one holds, as Linux tells. */
function memoryOf(program) {
  const status = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => statusOf(pid))
    .find((text) => text.startsWith(`Name:\t${program}\n`) && text.includes(`\nPPid:\t${process.pid}\n`));
  return 1024 * Number(status?.match(/RssAnon:\s*(\d+)/)?.[1]);
}

/** What the system knows of a process, which may be gone by now. */
function statusOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

await cli(import.meta, help, load);
