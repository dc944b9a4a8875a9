import { dirname, join } from 'node:path';
import { ExtractError, messageOf } from '../core/errors.js';
import { hashFile } from '../core/hash.js';
import type { EngineName, Settings } from '../core/settings.js';
import { hashKernels, hashPackage, libraryVersion, ownVersion } from '../core/versions.js';
import { decoderVersions } from '../images/decode.js';
import { engineVersion } from '../model/engine.js';
import { weightFiles } from '../model/weights.js';
import type { RunIdentity } from '../parts/manifest.js';

/** What a run with these settings is on this machine: its versions and the hashes of its files. */
export async function identify(
  settings: Settings,
  engine: EngineName | undefined,
  model: string | undefined,
): Promise<RunIdentity> {
  const decodes = settings.images !== undefined;
  return {
    options: { ...settings, engine },
    versions: {
      'pyramid-pool-extract': ownVersion,
      'pyramid-pool': libraryVersion,
      engine: engine && engineVersion(engine),
      sharp: decodes ? decoderVersions.sharp : undefined,
      libvips: decodes ? decoderVersions.libvips : undefined,
    },
    hashes: {
      model: model === undefined ? undefined : await hashModel(model),
      package: hashPackage(),
      wasm: hashKernels(),
    },
  };
}

async function hashModel(model: string): Promise<Record<string, string>> {
  try {
    const weights = weightFiles(model).map((name) => [name, join(dirname(model), name)] as const);
    const files = [['model', model] as const, ...weights];
    const hashes = files.map(async ([name, file]) => [name, await hashFile(file)] as const);
    return Object.fromEntries(await Promise.all(hashes));
  } catch (error) {
    throw new ExtractError(`--model ${model} could not be read: ${messageOf(error)}`);
  }
}
