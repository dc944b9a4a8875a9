import { chmodSync, copyFileSync, readFileSync, rmSync } from 'node:fs';
import { cli } from './cli.mjs';
import { inProject } from './project.mjs';
import { step } from './step.mjs';

const help = `
Usage: node scripts/build-extract.mjs

Builds the package pyramid-pool-extract into extract/dist. The library must be built before it is run.`;

const source = (...names) => inProject('extract', 'ts', ...names);
const dist = (...names) => inProject('extract', 'dist', ...names);

/** Builds the second package: the command, and the script of its threads, which share their code. */
export async function buildExtract() {
  rmSync(dist(), { recursive: true, force: true });
  const { build } = await import('esbuild');
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(inProject('extract', 'package.json'), 'utf8'),
  );
  const external = Object.keys({ ...dependencies, ...peerDependencies }).flatMap((name) => [
    name,
    `${name}/*`,
  ]);
  const shared = { bundle: true, platform: 'node', target: 'node20', logLevel: 'silent', external };
  await build({
    ...shared,
    entryPoints: { main: source('cli', 'main.ts'), worker: source('threads', 'worker.ts') },
    outdir: dist(),
    format: 'esm',
    splitting: true,
    chunkNames: 'shared-[hash]',
  });
  await build({
    ...shared,
    entryPoints: { launcher: source('cli', 'launcher.cts') },
    outdir: dist(),
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    external: [...external, './main.js'],
  });
  chmodSync(dist('launcher.cjs'), 0o755);
  for (const licence of ['LICENSE-APACHE', 'LICENSE-MIT'])
    copyFileSync(inProject(licence), inProject('extract', licence));
}

await cli(import.meta, help, () => step('pyramid-pool-extract bundled', buildExtract));
