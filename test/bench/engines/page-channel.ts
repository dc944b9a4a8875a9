import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isolation } from '../../../scripts/isolation.mjs';
import { answerOf, type Channel, type Command, type Reply } from './channel.js';

const START_MS = 60_000;

/** A page in a browser, which asks for commands. `open` has the browser open it, and gives what ends the browser. */
export async function pageChannel(open: (url: string) => Promise<() => Promise<void>>): Promise<Channel> {
  let give: ((command: Command) => void) | undefined;
  let take: { resolve(reply: Reply): void; reject(error: Error): void } | undefined;
  const next = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    give = (command) => response.end(JSON.stringify(command));
    take?.resolve(JSON.parse(Buffer.concat(chunks).toString()));
  };
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(isolation)) response.setHeader(name, value as string);
    if (request.url === '/next') return void next(request, response);
    const name = request.url?.slice(1);
    const isScript = name === 'page.mjs' || name === 'remote.mjs';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript
        ? readFileSync(new URL(name, import.meta.url))
        : '<!doctype html><script type="module" src="page.mjs"></script>',
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reply = () =>
    new Promise<Reply>((resolve, reject) => {
      take = { resolve, reject };
    });
  const first = reply();
  const timer = setTimeout(() => take?.reject(new Error('its page did not load')), START_MS);
  const end = await open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await first;
  clearTimeout(timer);
  return {
    async ask(command) {
      const answered = reply();
      give?.(command);
      return answerOf(await answered);
    },
    async close() {
      await end();
      server.closeAllConnections();
      server.close();
    },
  };
}
