/** A thread that makes vectors: what it is asked by `ThreadPool`, one request after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { createRuntime } from 'pyramid-pool';
import { ExtractError, exitCodes, messageOf } from '../core/errors.js';
import { canonicalJson } from '../core/hash.js';
import type { Job, Limits, Row } from '../core/settings.js';
import { probeModel } from '../model/probe.js';
import { ImageVectors } from './image-vectors.js';
import { MapVectors } from './map-vectors.js';
import type { Allowance, Reply, Request, Results } from './messages.js';
import { makePart } from './part.js';
import { isFailed, type VectorMaker } from './vectors.js';

const port = parentPort!;
const limits = workerData as Limits;
const send = (reply: Reply) => port.postMessage(reply);

/** One thread, one instance of the kernels. */
const runtime = await createRuntime({ variant: 'simd' });

/** Who waits for more memory. */
let allow = () => {};

const permissions = {
  large: () =>
    new Promise<void>((resolve) => {
      allow = resolve;
      send({ kind: 'large' });
    }),
};

/** What the last job was made with: most requests are of one job. */
let open: { key: string; maker: VectorMaker } | undefined;

port.on('message', (message: Request | Allowance) => {
  if (message.kind === 'allowed') return allow();
  answer(message).then(
    (result) => send({ kind: 'done', result }),
    (error: unknown) => send(describe(error)),
  );
});

async function answer(request: Request): Promise<Results[Request['kind']]> {
  const { job } = request;
  if (request.kind === 'probe') return probeModel(job, runtime);
  const maker = await makerOf(job);
  if (request.kind === 'part') return makePart(maker, request.shard, job.out, tick);
  const rows: Row[] = [];
  for await (const outcome of maker.vectorsOf(request.pieces)) {
    if (!isFailed(outcome)) rows.push(outcome);
    tick();
  }
  return rows;
}

async function makerOf(job: Job): Promise<VectorMaker> {
  const key = canonicalJson(job);
  if (open?.key === key) return open.maker;
  await open?.maker.dispose();
  open = undefined;
  const maker = job.settings.images
    ? await ImageVectors.open(job, runtime, limits, permissions)
    : await MapVectors.open(job, runtime);
  open = { key, maker };
  return maker;
}

/** Progress is told a few times a second. */
const TICK_MILLISECONDS = 200;
let inputs = 0;
let told = 0;

function tick(): void {
  inputs++;
  const now = performance.now();
  if (now - told < TICK_MILLISECONDS) return;
  send({ kind: 'progress', inputs });
  told = now;
  inputs = 0;
}

function describe(error: unknown): Reply {
  if (error instanceof ExtractError)
    return { kind: 'failed', message: error.message, exitCode: error.exitCode };
  const detail = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  return { kind: 'failed', message: detail, exitCode: exitCodes.error };
}
