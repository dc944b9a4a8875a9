import { join } from 'node:path';
import { inProject } from './project.mjs';
import { run } from './step.mjs';

export const binaryen = inProject('node_modules', 'binaryen', 'bin');

/** Runs one of Binaryen's tools. */
export const runBinaryen = (tool, args) => run(process.execPath, [join(binaryen, tool), ...args]);

/**
 * Reads off a module what it demands of an engine and of its host: `{ simd, memory: { imported, shared,
 * pages, maximumPages } }`. From its disassembly, since the bytes of SIMD instructions also occur inside
 * constants and lengths.
 */
export async function describeModule(file) {
  const text = await runBinaryen('wasm-dis', [file]);
  return { simd: /\((?:v128|[if]\d+x\d+)\./.test(text), memory: memoryIn(text) };
}

function memoryIn(text) {
  const found = text.match(/^ \((import "[^"]*" "[^"]*" \()?memory \$\S+ (\d+)(?: (\d+))?( shared)?\)/m);
  if (!found) return { imported: false, shared: false, pages: 0, maximumPages: undefined };
  const [, imported, pages, maximum, shared] = found;
  return {
    imported: Boolean(imported),
    shared: Boolean(shared),
    pages: Number(pages),
    maximumPages: maximum && Number(maximum),
  };
}
