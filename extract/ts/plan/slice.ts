import { UsageError } from '../core/errors.js';

/** A slice of a run: the shards whose numbers leave `index` when divided by `count`. */
export interface Slice {
  readonly index: number;
  readonly count: number;
  /** The variable of the scheduler that said so. */
  readonly variable?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Scheduler {
  readonly index: string;
  readonly count: string;
  /** The first index and the step between two, where they are not 0 and 1. */
  readonly first?: string;
  readonly step?: string;
}

/** The variables that array schedulers set. Kubernetes sets no count: `JOB_COMPLETIONS` is for a manifest to set. */
const schedulers: readonly Scheduler[] = [
  { index: 'JOB_COMPLETION_INDEX', count: 'JOB_COMPLETIONS' },
  {
    index: 'SLURM_ARRAY_TASK_ID',
    count: 'SLURM_ARRAY_TASK_COUNT',
    first: 'SLURM_ARRAY_TASK_MIN',
    step: 'SLURM_ARRAY_TASK_STEP',
  },
  { index: 'AWS_BATCH_JOB_ARRAY_INDEX', count: 'AWS_BATCH_JOB_ARRAY_SIZE' },
  { index: 'CLOUD_RUN_TASK_INDEX', count: 'CLOUD_RUN_TASK_COUNT' },
];

/**
 * The slice that `--shard` asks for: `3/64`; `auto/64` with the index of an array scheduler; `auto` with its count too. Without `--shard`,
 * the slice that a scheduler's variables say, or undefined.
 */
export function readSlice(text: string | undefined, env: Environment = process.env): Slice | undefined {
  const [, index, count] = /^(auto|\d+)?(?:\/(\d+))?$/.exec(text ?? 'auto') ?? [];
  if (text !== undefined && (index === undefined || (index !== 'auto' && count === undefined))) {
    throw new UsageError(`--shard is '${text}', but must be i/n, such as 0/64 to 63/64; or auto, or auto/64`);
  }
  if (index !== 'auto') return check(Number(index), Number(count), text!);
  const scheduler = schedulers.find((it) => env[it.index] !== undefined);
  if (!scheduler) {
    if (text === undefined) return undefined;
    const names = schedulers.map((it) => it.index).join(', ');
    throw new UsageError(`--shard is '${text}', but no array scheduler has set a variable: ${names}`);
  }
  return fromScheduler(scheduler, count, env);
}

function fromScheduler(scheduler: Scheduler, given: string | undefined, env: Environment): Slice {
  const read = (name: string | undefined, otherwise: number) => {
    const value = name === undefined ? undefined : env[name];
    if (value === undefined) return otherwise;
    if (/^\d+$/.test(value)) return Number(value);
    throw new UsageError(`${name} is '${value}', but must be a whole number`);
  };
  const count = given === undefined ? read(scheduler.count, 0) : Number(given);
  if (count === 0) {
    throw new UsageError(
      `${scheduler.index} is set, but not ${scheduler.count}: say how many slices there are by --shard auto/64, or --shard 0/1 to do all of it`,
    );
  }
  const index = (read(scheduler.index, 0) - read(scheduler.first, 0)) / read(scheduler.step, 1);
  return { ...check(index, count, `${index}/${count}`), variable: scheduler.index };
}

function check(index: number, count: number, text: string): Slice {
  if (count >= 1 && index < count && Number.isInteger(index) && index >= 0) return { index, count };
  throw new UsageError(
    `--shard is '${text}', but slices are counted from 0: 0/${count || 1} to ${Math.max(count, 1) - 1}/${count || 1}`,
  );
}
