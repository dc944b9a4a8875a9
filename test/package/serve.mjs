import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { isolation } from '../../scripts/isolation.mjs';
import { npm } from '../../scripts/programs.mjs';

/**
 * @typedef {object} Server
 * @property {string} url
 * @property {() => Promise<void>} close
 */

const script = 'text/javascript';
const types = { '.html': 'text/html', '.js': script, '.mjs': script, '.wasm': 'application/wasm' };

/**
 * Serves the files of a folder.
 *
 * @returns {Promise<Server>}
 */
export async function serveFolder(folder, { isolated = true } = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const path = join(folder, normalize(pathname === '/' ? '/index.html' : pathname));
    if (!existsSync(path) || !statSync(path).isFile()) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': types[extname(path)] ?? '', ...(isolated && isolation) });
    createReadStream(path).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://localhost:${server.address().port}/`,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * Runs a consumer's own server, an npm script that takes a port.
 *
 * @returns {Promise<Server>}
 */
export async function serveCommand(consumer, script, ...options) {
  const port = await freePort();
  // A process group of its own, as npm does not pass signals on to what it runs.
  const [command, ...npmScript] = npm();
  const child = spawn(command, [...npmScript, 'run', script, '--', ...options, String(port)], {
    cwd: consumer.folder,
    env: consumer.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const ended = once(child, 'exit');
  const stop = () => process.kill(-child.pid);
  process.on('exit', stop);
  const url = `http://localhost:${port}/`;
  await listening(url, child, () => output);
  return {
    url,
    close: async () => {
      process.off('exit', stop);
      stop();
      await ended;
    },
  };
}

async function listening(url, child, output) {
  const until = Date.now() + 60_000;
  while (child.exitCode === null && Date.now() < until) {
    if (await fetch(url).catch(() => undefined)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the server did not start:\n${output()}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
