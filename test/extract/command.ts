/** Runs the command `pyramid-pool-extract` as its users do, and reads what it wrote. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { readVectors } from '../../extract/ts/parts/read-parts.js';

export const program = fileURLToPath(new URL('../../extract/dist/launcher.cjs', import.meta.url));

export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard output and standard error, as they came. */
  readonly text: string;
}

export interface Running extends Promise<Run> {
  readonly child: ChildProcess;
}

/** Variables of an array scheduler that the tests may themselves run under. */
const schedulers = /^(JOB_COMPLETION|SLURM_ARRAY|AWS_BATCH|CLOUD_RUN)/;

const plainEnv = Object.fromEntries(Object.entries(process.env).filter(([name]) => !schedulers.test(name)));

/** Starts the command. */
export function startCommand(
  args: readonly string[],
  env: Record<string, string> = {},
  input?: string,
): Running {
  const child = spawn(process.execPath, [program, ...args], { env: { ...plainEnv, ...env }, stdio: 'pipe' });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  }
  child.stdin.end(input);
  const ended = new Promise<Run>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, text }));
  });
  return Object.assign(ended, { child });
}

/** Runs the command to its end. */
export const runCommand = (...args: string[]) => startCommand(args);

/** A folder for a test file, removed at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'extract-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The parts of a folder: SHA-256 by file name. */
export function partsOf(out: string): Record<string, string> {
  const names = readdirSync(out).filter((name) => name.startsWith('part-'));
  const hashed = names.sort().map((name) => {
    const hash = createHash('sha256').update(readFileSync(join(out, name)));
    return [name, hash.digest('hex')] as const;
  });
  return Object.fromEntries(hashed);
}

/** All vectors of a folder by id. An id that is there twice is an error. */
export async function vectorsOf(out: string): Promise<Map<string, Float32Array>> {
  const all = new Map<string, Float32Array>();
  for (const name of Object.keys(partsOf(out))) {
    if (!name.endsWith('.parquet')) continue;
    for (const [id, vector] of await readVectors(out, name.replace(/\.parquet$/, ''))) {
      if (all.has(id)) throw new Error(`${id} is there twice`);
      all.set(id, vector);
    }
  }
  return all;
}

export const manifestOf = (out: string) => JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));

/** The inputs that failed, with their reasons. */
export function failedOf(out: string): Record<string, string> {
  const lines = readFileSync(join(out, 'failed.jsonl'), 'utf8').trimEnd().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const { id, reason } = JSON.parse(line);
      return [id, reason];
    }),
  );
}

/** Files that were left half written. */
export const temporaryFiles = (out: string) => readdirSync(out).filter((name) => name.startsWith('.'));

/** Waits until something holds. */
export async function waitUntil(holds: () => boolean, what: string, seconds = 60): Promise<void> {
  const end = Date.now() + 1000 * seconds;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`in ${seconds} s it did not come to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
