import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { bounds } from '../test/bench/bounds/wat.mjs';
import { cli } from './cli.mjs';
import { inProject } from './project.mjs';
import { runBinaryen } from './wasm-module.mjs';

const help = `
Usage: node scripts/build-bounds.mjs

Assembles the sweeps that the benchmark draws as bounds into target/bench/bounds.js.`;

const target = (name) => inProject('target', 'bench', name);

/** Assembles the sweeps into a module that holds their WASM in base64: one shape for every host. */
export async function buildBounds() {
  mkdirSync(target(''), { recursive: true });
  writeFileSync(target('bounds.wat'), bounds);
  // As written: what is measured must not depend on an optimizer.
  await runBinaryen('wasm-as', [
    target('bounds.wat'),
    '--enable-simd',
    '--enable-bulk-memory',
    '-o',
    target('bounds.wasm'),
  ]);
  const text = readFileSync(target('bounds.wasm'), 'base64');
  writeFileSync(
    target('bounds.js'),
    `export const wasm = () => Uint8Array.from(atob('${text}'), (c) => c.charCodeAt(0));\n`,
  );
  writeFileSync(target('bounds.d.ts'), 'export declare const wasm: () => Uint8Array<ArrayBuffer>;\n');
}

await cli(import.meta, help, buildBounds);
