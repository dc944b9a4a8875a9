import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answer, Engine, PreparedEngine } from '../core/index.js';
import type { Workload } from '../core/workload.js';

const script = fileURLToPath(new URL('torch_engine.py', import.meta.url));

/** The Python that has torch and torchvision: the one that PYTHON names, or the first on the path. */
export function findTorch(): { python: string; version: string } | undefined {
  for (const python of [process.env.PYTHON, 'python3', 'python']) {
    if (!python) continue;
    try {
      const code = 'import torch, torchvision; print(torch.__version__, torchvision.__version__)';
      return { python, version: execFileSync(python, ['-c', code], { stdio: 'pipe' }).toString().trim() };
    } catch {}
  }
  return undefined;
}

/** PyTorch on the CPU, in a process of its own that measures itself. */
export function torchEngine(python: string, threads: number, channelsLast = false): Engine {
  let started: Python | undefined;
  return {
    name: `torch:${threads}${channelsLast ? '-channels-last' : ''}`,
    kind: 'peer',
    about: `PyTorch, a call a level and cat, ${threads} threads${channelsLast ? ', channels_last' : ''}`,
    // Sums of gradients of regions are taken in an order of its own.
    tolerance: 1e-5,
    async prepare(workload) {
      if (workload.operation === 'arrays') return undefined;
      if (channelsLast && (workload.case.regions || workload.operation === 'backward')) return undefined;
      started ??= new Python(python, threads);
      return prepareTorch(started, workload, channelsLast);
    },
    dispose: () => started?.dispose(),
  };
}

async function prepareTorch(
  python: Python,
  workload: Workload,
  channelsLast: boolean,
): Promise<PreparedEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'pyramid-pool-bench-'));
  const write = (name: string) => (data: Float32Array, i: number) => {
    const file = join(folder, `${name}-${i}`);
    writeFileSync(file, data);
    return file;
  };
  const { dims, levels, samplingRatio = 0 } = workload.case;
  const ask = {
    ...{ do: 'prepare', dims, levels, samplingRatio, operation: workload.operation, folder, channelsLast },
    maps: workload.maps.map(write('map')),
    gradients: workload.operation === 'backward' ? workload.gradients.map(write('gradient')) : [],
    regions: workload.regions.map(write('regions')),
  };
  await python.ask(ask);
  const time = async (turn: number, count: number) => {
    const { ms } = await python.ask({ do: 'run', turn, count });
    return ms as number;
  };
  return {
    run: async (turn) => void (await time(turn, 1)),
    time,
    async answer(): Promise<Answer> {
      const { files } = (await python.ask({ do: 'answer' })) as { files: string[] };
      return files.map((file, k) => {
        const { buffer, byteOffset, byteLength } = readFileSync(file);
        const bytes = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
        return k === 0 ? new Float32Array(bytes) : new Int32Array(bytes);
      });
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A Python that answers a line with a line. */
class Python {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;

  constructor(python: string, threads: number) {
    this.#child = spawn(python, [script, `${threads}`]);
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface(this.#child.stdout);
  }

  ask(question: object): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const onExit = () => reject(new Error('Python ended in the middle of the benchmark'));
      this.#child.once('exit', onExit);
      this.#lines.once('line', (line) => {
        this.#child.off('exit', onExit);
        resolve(JSON.parse(line));
      });
      this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    });
  }

  dispose(): void {
    this.#lines.close();
    this.#child.kill();
  }
}
