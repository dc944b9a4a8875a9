import { hashText } from '../core/hash.js';
import type { EngineName, Job, Piece, Settings, Shard } from '../core/settings.js';
import { piecesOf } from '../maps/index.js';
import { chooseEngine } from '../model/engine.js';
import { type InputSummary, inputLines, type RunIdentity } from '../parts/manifest.js';
import { identify } from '../plan/identity.js';
import { defaultPartSize, fingerprintOf, makeShards } from '../plan/shards.js';
import type { ThreadPool } from '../threads/pool.js';

/** What a run is made from. */
export interface RunRequest {
  readonly root: string;
  readonly files: readonly Piece[];
  readonly out: string;
  readonly model: string | undefined;
  readonly engine: EngineName | undefined;
  readonly settings: Omit<Settings, 'partSize'> & { readonly partSize: number | undefined };
}

/** A run, worked out: what its threads need to know, and its shards. */
export interface RunPlan {
  readonly job: Job;
  readonly identity: RunIdentity;
  readonly input: InputSummary;
  readonly files: readonly Piece[];
  readonly shards: readonly Shard[];
  /** `onnxruntime-web 1.30.0`; undefined where there is no model to run. */
  readonly engine: string | undefined;
}

/** Works a run out. */
export async function planRun(request: RunRequest): Promise<RunPlan> {
  const { root, files, out, model } = request;
  const partSize = request.settings.partSize ?? defaultPartSize(files.length);
  const settings: Settings = { ...request.settings, partSize };
  const engine = model === undefined ? undefined : chooseEngine(request.engine);
  const identity = await identify(settings, engine, model);
  const pieces = settings.images ? files : await piecesOfAll(root, files);
  const shards = makeShards(pieces, partSize, fingerprintOf(identity));
  const hash = hashText(inputLines(files));
  const input = { folder: root, files: files.length, parts: shards.length, hash, model };
  const job = { root, out, model, engine, settings, bytesPerPixel: 0 };
  return { job, identity, input, files, shards, engine: identity.versions.engine };
}

/**
 * Tries the model of a run once, so that a wrong one is told before anything is written, and completes the job by what it takes for a
 * pixel.
 */
export async function tryModel(plan: RunPlan, pool: ThreadPool): Promise<RunPlan> {
  if (plan.job.model === undefined) return plan;
  const { bytesPerPixel } = await pool.run({ kind: 'probe', job: plan.job });
  return { ...plan, job: { ...plan.job, bytesPerPixel } };
}

async function piecesOfAll(root: string, files: readonly Piece[]): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const file of files) pieces.push(...(await piecesOf(root, file)));
  return pieces;
}
