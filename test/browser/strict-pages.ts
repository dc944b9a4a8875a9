import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

const withBlobs = policy.replace("worker-src 'self'", "worker-src 'self' blob:");
const trustedTypes = `${withBlobs}; require-trusted-types-for 'script'`;

/** What a page asks for by `?headers=NAME`. */
const variations: Record<string, Record<string, string>> = {
  'trusted-types': { 'content-security-policy': `${trustedTypes}; trusted-types pyramid-pool application` },
  'trusted-types-without-ours': { 'content-security-policy': `${trustedTypes}; trusted-types application` },
  'trusted-types-with-default': { 'content-security-policy': `${trustedTypes}; trusted-types default` },
  'document-isolation': {
    'content-security-policy': withBlobs,
    'document-isolation-policy': 'isolate-and-credentialless',
  },
};

const types: Record<string, string> = { html: 'text/html', js: 'text/javascript', wasm: 'application/wasm' };

/** Serves `/strict/`: a page under a strict content security policy, and the built package as any server would. */
export const strictPages = (headers: Record<string, string>): Plugin => ({
  name: 'strict-pages',
  configureServer(server) {
    server.middlewares.use('/strict/', async (request, response, next) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
      const file = pathname.startsWith('/dist/')
        ? root(pathname.slice(1))
        : root(`test/browser/strict${pathname}`);
      const body = await readFile(file).catch(() => undefined);
      if (!body) return next();
      const sent = {
        'content-type': types[file.split('.').at(-1) as string] ?? '',
        'content-security-policy': policy,
        ...headers,
        ...variations[searchParams.get('headers') ?? ''],
      };
      for (const [name, value] of Object.entries(sent)) response.setHeader(name, value);
      response.end(body);
    });
  },
});
