import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

const types: Record<string, string> = { html: 'text/html', js: 'text/javascript', wasm: 'application/wasm' };

/** Serves `/strict/`: a page under a strict content security policy, and the built package as any server would. */
export const strictPages = (headers: Record<string, string>): Plugin => ({
  name: 'strict-pages',
  configureServer(server) {
    server.middlewares.use('/strict/', async (request, response, next) => {
      const { pathname } = new URL(request.url ?? '', 'http://localhost');
      const file = pathname.startsWith('/dist/')
        ? root(pathname.slice(1))
        : root(`test/browser/strict${pathname}`);
      const body = await readFile(file).catch(() => undefined);
      if (!body) return next();
      response.setHeader('content-type', types[file.split('.').at(-1) as string] ?? '');
      response.setHeader('content-security-policy', policy);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end(body);
    });
  },
});
