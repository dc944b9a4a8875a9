/** The built demo, served as a host of static files does, once for all its tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import type { TestProject } from 'vitest/node';
import { writeSiteReference } from '../../scripts/docs.mjs';
import { isolation } from '../../scripts/isolation.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** Addresses of the demo, on a host that isolates its pages and on one that does not. */
    isolated: string;
    plain: string;
  }
}

const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const outDir = mkdtempSync(join(tmpdir(), 'pyramid-pool-demo-'));
  await writeSiteReference();
  await build({ configFile, logLevel: 'error', build: { outDir, emptyOutDir: true } });
  const hosts = await Promise.all([serve(outDir, isolation), serve(outDir, {})]);
  provide('isolated', hosts[0].url);
  provide('plain', hosts[1].url);
  return async () => {
    await Promise.all(hosts.map(({ close }) => close()));
    rmSync(outDir, { recursive: true });
  };
}

async function serve(outDir: string, headers: Record<string, string>) {
  const server = await preview({
    configFile: false,
    logLevel: 'error',
    build: { outDir },
    preview: { port: 0, host: '127.0.0.1', headers },
  });
  const url = server.resolvedUrls?.local[0];
  if (!url) throw new Error('the preview has no address');
  return { url, close: () => server.close() };
}
