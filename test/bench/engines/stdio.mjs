/** Commands by lines of JSON on standard input, answers on standard output: for Node, Deno and Bun. */
import { createInterface } from 'node:readline';
import { createRemote, execute } from './remote.mjs';

const remote = createRemote();
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await execute(remote, JSON.parse(line)))}\n`);
}
process.exit();
