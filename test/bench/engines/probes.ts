import { readFileSync } from 'node:fs';
import { probes } from '../bounds/probes.mjs';
import type { Channel } from './channel.js';
import type { Found } from './find.js';
import type { ProbeResult } from './record.js';

const SAMPLE_MS = 4;
const WARM_MS = 300;

const wasmOf = (file: string) =>
  readFileSync(new URL(`../../../target/bench/${file}.wasm`, import.meta.url), 'base64');

/** Measures single instructions in all engines by turns: nanoseconds of one step of the chain. */
export async function probe(
  engines: readonly { found: Found; channel: Channel }[],
  rounds: number,
  progress: (text: string) => void,
): Promise<ProbeResult[]> {
  // workerd compiles nothing that is not part of its worker.
  const able = engines.filter(({ found }) => !found.timedOutside);
  const results: ProbeResult[] = [];
  for (const { name, file, steps } of probes) {
    const entries: { channel: Channel; engine: string; times: number; samples: number[] }[] = [];
    for (const { found, channel } of able) {
      progress(`${name}: ${found.name}`);
      try {
        await channel.ask({ do: 'load', name: 'probe', wasm: wasmOf(file) });
        const times = await warmUp(channel);
        entries.push({ channel, engine: found.name, times, samples: [] });
      } catch (error) {
        console.log(`left out: ${name} in ${found.name} (${(error as Error).message.split('\n')[0]})`);
      }
    }
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < entries.length; i++) {
        const { channel, times, samples } = entries[(i + round) % entries.length] as (typeof entries)[number];
        samples.push((1e6 * (await repeat(channel, times))) / times / steps);
      }
    }
    for (const { engine, samples } of entries) results.push({ probe: name, engine, samples });
  }
  return results;
}

const repeat = (channel: Channel, times: number) =>
  channel.ask({ do: 'time', name: 'repeat', args: [times] }) as Promise<number>;

async function warmUp(channel: Channel): Promise<number> {
  const until = performance.now() + WARM_MS;
  let times = 16;
  let fastest = Number.POSITIVE_INFINITY;
  do {
    const taken = await repeat(channel, times);
    if (taken >= SAMPLE_MS / 2) fastest = Math.min(fastest, taken / times);
    else times *= 2;
  } while (performance.now() < until || fastest === Number.POSITIVE_INFINITY);
  return Math.ceil(SAMPLE_MS / fastest);
}
