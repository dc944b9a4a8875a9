import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, platform, release } from 'node:os';
import { findTorch } from './peers/torch.js';

/** Where and with what something was measured. */
export interface Machine {
  readonly date: string;
  readonly runtime: string;
  readonly processor: string;
  readonly threads: number;
  readonly system: string;
  readonly versions: Record<string, string>;
}

export function describeMachine(): Machine {
  const { torch } = { torch: findTorch()?.version };
  return {
    date: new Date().toISOString().slice(0, 10),
    runtime: runtimeName(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    threads: availableParallelism(),
    system: `${platform()} ${release()}`,
    versions: {
      'pyramid-pool': version('../../package.json'),
      'onnxruntime-web': version('../../node_modules/onnxruntime-web/package.json'),
      'tfjs-backend-wasm': version('../../node_modules/@tensorflow/tfjs-backend-wasm/package.json'),
      ...(torch ? { 'torch, torchvision': torch } : {}),
    },
  };
}

function version(file: string): string {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')).version;
}

function runtimeName(): string {
  const { deno, bun, node } = process.versions;
  return deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;
}
