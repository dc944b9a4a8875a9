import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Scale } from './scale.js';
import { type Task, titleOf } from './tasks.js';

/** Results of tasks in files, from which an interrupted run continues. */
export class Checkpoints {
  readonly #folder: string;
  readonly #scale: Scale;

  private constructor(folder: string, scale: Scale) {
    this.#folder = folder;
    this.#scale = scale;
  }

  /** Without `goesOn`, results of earlier runs are removed. */
  static async open(folder: string, scale: Scale, goesOn: boolean): Promise<Checkpoints> {
    if (!goesOn) await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    return new Checkpoints(folder, scale);
  }

  async resultOf(task: Task): Promise<unknown> {
    const bytes = await readFile(this.#fileOf(task)).catch(() => undefined);
    return bytes && deserialize(bytes);
  }

  async keep(task: Task, result: unknown): Promise<void> {
    await writeFile(this.#fileOf(task), serialize(result));
  }

  /** Results of another scale of the work are those of other tasks. */
  #fileOf(task: Task): string {
    const name = createHash('sha256')
      .update(`${titleOf(task)} ${JSON.stringify(this.#scale)}`)
      .digest('hex');
    return join(this.#folder, name.slice(0, 16));
  }
}
