/** The example worker as a server of Node, and of Deno where it is there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { createPyramidPool } from 'pyramid-pool';
import { expect, onTestFinished, test } from 'vitest';
import { bundleEdge, serveCommand } from '../../scripts/edge.mjs';
import { programsOn } from '../../scripts/path.mjs';

/** Deno, where it is installed: on the path, or by the tests of the packed package. */
const deno = [...programsOn(process.env.PATH, ['deno']), 'target/consumers/node_modules/.bin/deno'].find(
  (file) => existsSync(file),
);

/** Starts a server as its command line does, and gives its address. */
async function serve(host: 'node' | 'deno', program: string): Promise<URL> {
  const { args, env } = serveCommand(host, await bundleEdge(host), 0);
  const server = spawn(program, args, { env: { ...process.env, ...env } });
  onTestFinished(() => void server.kill());
  let said = '';
  server.stdout.on('data', (text) => {
    said += text;
  });
  server.stderr.on('data', (text) => {
    said += text;
  });
  const until = Date.now() + 30_000;
  while (Date.now() < until && server.exitCode === null) {
    const url = said.match(/http:\/\/[^\s/]+:(\d+)/);
    if (url) return new URL(`http://127.0.0.1:${url[1]}/`);
    await Promise.race([once(server.stdout, 'data'), once(server.stderr, 'data'), once(server, 'exit')]);
  }
  throw new Error(`the server does not listen: ${said}`);
}

test.each([
  ['node', process.execPath],
  ['deno', deno],
] as const)('%s', { timeout: 90_000 }, async (host, program) => {
  if (!program) return console.log('Deno is not there: the test of its server is left out');
  const url = await serve(host, program);
  const data = Float32Array.from({ length: 70 }, (_, i) => (i * 37) % 71);
  const response = await fetch(new URL('/pool?dims=1,2,5,7', url), {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: data,
  });
  const pool = await createPyramidPool({ levels: [4, 2, 1] });
  expect(new Float32Array(await response.arrayBuffer())).toEqual(
    pool.forward({ data, dims: [1, 2, 5, 7] }).data,
  );
  const grey = Uint8Array.from({ length: 20 * 12 }, (_, i) =>
    [5, 6].includes(i % 12) && i > 24 && i < 216 ? 0 : 255,
  );
  const picture = await fetch(new URL('/?size=20x12', url), {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: grey,
  });
  expect(await picture.json()).toMatchObject({ digit: 1, size: [16, 2] });
  const refused = await fetch(url, { method: 'POST', body: 'seven' });
  expect(refused.status).toBe(415);
});

test('a body that does not arrive in time is refused, and others are answered meanwhile', {
  timeout: 60_000,
}, async () => {
  const url = await serve('node', process.execPath);
  const headers = { 'content-type': 'application/octet-stream', 'content-length': 240 };
  const slow = request(new URL('/?size=20x12', url), { method: 'POST', headers });
  slow.write(new Uint8Array(100));
  const answered = once(slow, 'response');
  const blank = await fetch(new URL('/?size=2x2', url), {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(4),
  });
  expect(blank.status).toBe(422);
  const [response] = (await answered) as [IncomingMessage];
  expect(response.statusCode).toBe(408);
  const [body] = (await response.toArray()) as Buffer[];
  expect(JSON.parse(String(body)).error.code).toBe('slow-body');
  slow.destroy();
});
