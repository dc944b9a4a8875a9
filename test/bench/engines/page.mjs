/** Commands by requests to the server that the page comes from: for browsers. */
import { createRemote, execute } from './remote.mjs';

const remote = createRemote();
let reply = { answer: 'ready' };
for (;;) {
  const response = await fetch('/next', { method: 'POST', body: JSON.stringify(reply) });
  if (!response.ok) break;
  reply = await execute(remote, await response.json());
}
