import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { probes } from '../test/bench/bounds/probes.mjs';
import { bounds } from '../test/bench/bounds/wat.mjs';
import { cli } from './cli.mjs';
import { inProject } from './project.mjs';
import { runBinaryen } from './wasm-module.mjs';

const help = `
Usage: node scripts/build-bounds.mjs

Assembles the sweeps that the benchmark draws as bounds into target/bench/bounds.js, and with --probes the single instructions that
the benchmark of engines measures.`;

const target = (name) => inProject('target', 'bench', name);

/** Assembles the sweeps into a module that holds their WASM in base64: one shape for every host. */
export async function buildBounds() {
  mkdirSync(target(''), { recursive: true });
  await assemble('bounds', bounds);
  const text = readFileSync(target('bounds.wasm'), 'base64');
  writeFileSync(
    target('bounds.js'),
    `export const wasm = () => Uint8Array.from(atob('${text}'), (c) => c.charCodeAt(0));\n`,
  );
  writeFileSync(target('bounds.d.ts'), 'export declare const wasm: () => Uint8Array<ArrayBuffer>;\n');
}

/** Assembles single instructions, each in a module of its own. */
export async function buildProbes() {
  mkdirSync(target(''), { recursive: true });
  for (const { file, text } of probes) await assemble(file, text);
}

/** As written: what is measured must not depend on an optimizer. */
async function assemble(name, text) {
  writeFileSync(target(`${name}.wat`), text);
  const features = ['--enable-simd', '--enable-bulk-memory'];
  await runBinaryen('wasm-as', [target(`${name}.wat`), ...features, '-o', target(`${name}.wasm`)]);
}

await cli(import.meta, help, (args) => (args.includes('--probes') ? buildProbes() : buildBounds()));
