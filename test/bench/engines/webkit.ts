import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { findMiniBrowser, findXvfb } from '../../../scripts/browsers.mjs';

const START_MS = 30_000;

/** Opens a page in WebKitGTK's small browser, by WebDriver. Gives what ends it. */
export async function openInWebKit(driver: string, url: string): Promise<() => Promise<void>> {
  const port = await freePort();
  const command = [driver, `--port=${port}`];
  const [program = driver, ...args] = process.env.DISPLAY ? command : [findXvfb() ?? '', '-a', ...command];
  // A process group of its own, so that the virtual screen ends with the driver.
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  const stop = () => {
    try {
      process.kill(-(child.pid as number));
    } catch {
      // It has ended.
    }
  };
  process.on('exit', stop);
  const call = async (path: string, body: object) => {
    const request = { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, request);
    const { value } = (await response.json()) as { value: { sessionId: string; message: string } };
    if (!response.ok) throw new Error(`WebKitWebDriver: ${value.message}`);
    return value;
  };
  const options = { binary: findMiniBrowser(), args: ['--automation'] };
  const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
  const { sessionId } = await untilItListens(() => call('/session', { capabilities }));
  await call(`/session/${sessionId}/url`, { url });
  return async () => {
    process.off('exit', stop);
    stop();
  };
}

async function untilItListens<T>(connect: () => Promise<T>): Promise<T> {
  const until = Date.now() + START_MS;
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      // Fetch says TypeError where nobody listens.
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
