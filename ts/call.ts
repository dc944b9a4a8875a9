import type { Batch } from './batch.js';
import { Buffers } from './buffers.js';
import type { Work } from './dispatch.js';
import { operations } from './job.js';
import type { WasmMemory } from './memory.js';
import type { Plan, PlanOptions } from './plans.js';
import type { Internals } from './runtime.js';
import { ELEMENT_BYTES } from './tensor.js';

/** A call that was checked and has its memory: run its work, take what it finished, and free it in any case. */
export interface Call<R> {
  readonly work: Work;
  finish(): R;
  /** Whether a dying worker may still write to the call's memory, which is then never used again. */
  abandoned: boolean;
  free(): void;
}

/** Where the tensors of a call lie, and what it gives once it has run. */
export interface Placement<R> {
  /** Each map, or the gradient with respect to it. */
  readonly maps: readonly number[];
  /** The output, or the gradient with respect to it. */
  readonly output: number;
  /** 0 where the operation has none. */
  readonly indices: number;
  finish(): R;
}

/** Gets a call its plans and its memory; `place` says where in it the tensors lie. Frees all if anything fails. */
export function makeCall<R>(
  internals: Internals,
  options: PlanOptions,
  operation: keyof typeof operations,
  batch: Batch,
  place: (buffers: Buffers) => Placement<R>,
): Call<R> {
  const plans: Plan[] = [];
  const buffers = new Buffers(internals.memory);
  const free = () => {
    buffers.free();
    for (const plan of plans) internals.plans.release(plan);
  };
  try {
    for (const { height, width } of batch.shapes) plans.push(internals.plans.acquire(options, height, width));
    const { maps, output, indices, finish } = place(buffers);
    const addresses = { maps, output, indices };
    return {
      work: describeWork(internals.memory, batch, plans, operations[operation], addresses),
      finish,
      abandoned: false,
      free() {
        if (!this.abandoned) free();
      },
    };
  } catch (error) {
    free();
    throw error;
  }
}

/** A job for each map, whose rows of the output follow those of the maps before it. */
function describeWork(
  memory: WasmMemory,
  { shapes, outputDims }: Batch,
  plans: readonly Plan[],
  operation: number,
  { maps, output, indices }: Omit<Placement<unknown>, 'finish'>,
): Work {
  const rowBytes = (outputDims.at(-1) as number) * ELEMENT_BYTES;
  let before = 0;
  let elements = 0;
  let scratchBytes = 0;
  const jobs = shapes.map(({ batch, channels, height, width }, i) => {
    const plan = plans[i] as Plan;
    const at = before * rowBytes;
    before += batch;
    elements += batch * channels * height * width;
    const words = memory.kernels.plan_scratch(plan.address, operation) >>> 0;
    scratchBytes = Math.max(scratchBytes, words * ELEMENT_BYTES);
    return {
      plan: plan.address,
      batch,
      channels,
      operation,
      input: maps[i] as number,
      output: output + at,
      indices: indices + at,
    };
  });
  return { jobs, elements, scratchBytes };
}
