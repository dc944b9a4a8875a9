/** The speed of the command itself, by the times at which its parts were written: what it takes to start is left out. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../extract/dist/launcher.cjs', import.meta.url));

export function startCommand(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Runs the command to its end, and returns images a second. */
export async function imagesPerSecond(
  args: readonly string[],
  out: string,
  partSize: number,
): Promise<number> {
  const [code] = await once(startCommand([...args, '--out', out, '--part-size', `${partSize}`]), 'close');
  if (code !== 0) throw new Error(`pyramid-pool-extract ${args.join(' ')} ended with ${code}`);
  return rateOfParts(out, partSize);
}

/** Of the second half of the parts, but the last three, when not all threads have work: in the first half WASM is still compiled. */
function rateOfParts(out: string, partSize: number): number {
  const names = readdirSync(out).filter((name) => name.startsWith('part-'));
  const times = names.map((name) => statSync(join(out, name)).mtimeMs).sort((a, b) => a - b);
  const [first, last] = [times.length >> 1, times.length - 3];
  return (1000 * partSize * (last - first)) / (times[last]! - times[first]!);
}
