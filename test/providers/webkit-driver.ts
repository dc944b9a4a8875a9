import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { findMiniBrowser, findXvfb } from '../../scripts/browsers.mjs';
import type { RunningBrowser } from './custom.js';

const START_MS = 30_000;

/** Starts WebKitGTK's small browser on a screen of its own, by the three WebDriver calls that opening a page takes. */
export async function startWebKit(
  driver: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RunningBrowser> {
  const port = await freePort();
  const stop = start(driver, port, env);
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: body && JSON.stringify(body),
    });
    const { value } = (await response.json()) as { value: Record<string, string> };
    if (!response.ok) throw new Error(`WebKitWebDriver: ${value.error}: ${value.message}`);
    return value;
  };
  const options = { binary: findMiniBrowser(), args: ['--automation'] };
  const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
  const { sessionId } = await untilItListens(() => call('POST', '/session', { capabilities }));
  return {
    async open(url) {
      await call('POST', `/session/${sessionId}/url`, { url });
    },
    async close() {
      await call('DELETE', `/session/${sessionId}`).catch(() => {});
      stop();
    },
  };
}

/** Starts the driver, with a virtual screen where there is no real one. Returns what ends both. */
function start(driver: string, port: number, env: NodeJS.ProcessEnv): () => void {
  const args = [`--port=${port}`];
  const [command, given] = process.env.DISPLAY
    ? [driver, args]
    : [findXvfb() as string, ['-a', driver, ...args]];
  // A process group of its own, so that the screen ends with the driver.
  const child = spawn(command, given, { env, stdio: 'ignore', detached: true });
  const stop = () => {
    process.off('exit', stop);
    try {
      process.kill(-(child.pid as number));
    } catch {
      // It has ended.
    }
  };
  process.on('exit', stop);
  return stop;
}

async function untilItListens<T>(connect: () => Promise<T>): Promise<T> {
  const until = Date.now() + START_MS;
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      // `fetch` throws a TypeError where no server listens.
      if (!(error instanceof TypeError) || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
