import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Ort from 'onnxruntime-web';
import { ExtractError, messageOf } from '../core/errors.js';
import type { EngineName } from '../core/settings.js';

/** ONNX Runtime, for one thread. */
export interface Engine {
  readonly name: EngineName;
  readonly ort: typeof Ort;
  /** Options of its sessions. */
  readonly session: Ort.InferenceSession.SessionOptions;
}

const packages: Record<EngineName, string> = { node: 'onnxruntime-node', web: 'onnxruntime-web' };

const require = createRequire(import.meta.url);

/** The package of an engine and its version, such as `onnxruntime-web 1.30.0`; undefined where it is not installed. */
export function engineVersion(name: EngineName): string | undefined {
  // Its manifest is not among its exports: it is in one of the folders that modules are looked for in.
  for (const folder of require.resolve.paths(packages[name]) ?? []) {
    const file = join(folder, packages[name], 'package.json');
    if (!existsSync(file)) continue;
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    return `${packages[name]} ${version}`;
  }
  return undefined;
}

/** The engine that was asked for; or onnxruntime-node where it is installed, and else onnxruntime-web. */
export function chooseEngine(asked: EngineName | undefined): EngineName {
  if (asked === undefined) return engineVersion('node') ? 'node' : 'web';
  if (engineVersion(asked)) return asked;
  throw new ExtractError(
    `--engine ${asked} needs ${packages[asked]}, which is not installed: npm install ${packages[asked]}`,
  );
}

/** Loads an engine. Each thread runs its own sessions, so each session has one thread. */
export async function loadEngine(name: EngineName): Promise<Engine> {
  const ort = await importEngine(name);
  if (name === 'web') {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.proxy = false;
  }
  ort.env.logLevel = 'error';
  const session = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 as const };
  return { name, ort, session };
}

async function importEngine(name: EngineName): Promise<typeof Ort> {
  try {
    return (await import(packages[name])) as typeof Ort;
  } catch (error) {
    throw new ExtractError(`${packages[name]} could not be loaded: ${messageOf(error)}`, undefined, {
      cause: error,
    });
  }
}
