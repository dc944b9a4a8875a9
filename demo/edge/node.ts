/** The worker as a server of Node. Deno needs none: `deno serve` takes the worker as it is. */
import { serve } from 'srvx/node';
import worker from './worker.js';

const server = serve({ fetch: worker.fetch, port: Number(process.env.PORT ?? 8787), silent: true });
await server.ready();
console.log(`The worker listens: curl ${server.url}`);
