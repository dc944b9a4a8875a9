import { randomBytes } from 'node:crypto';
import { link, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { codeOf, ExtractError, messageOf } from '../core/errors.js';

/** Files that are being written begin with this: nothing that reads parts takes them for one. */
const PREFIX = '.writing-';

/** Of this process, and of no other one that writes to the folder. */
const ownPrefix = `${PREFIX}${hostname()}-${process.pid}-`;

/** Writes a file under another name, and renames it when all of it is on the disk: it is there whole, or not at all. */
export async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  const temporary = await writeTemporary(file, bytes);
  try {
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw asExtractError(file, error);
  }
}

/** Writes a file, unless one of its name is there: then it returns false, and leaves that one as it is. */
export async function createFile(file: string, bytes: Uint8Array): Promise<boolean> {
  const temporary = await writeTemporary(file, bytes);
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    // A file system without hard links.
    return await writeFile(file, bytes, { flag: 'wx' }).then(
      () => true,
      (again: unknown) => {
        if (codeOf(again) === 'EEXIST') return false;
        throw asExtractError(file, again);
      },
    );
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeTemporary(file: string, bytes: Uint8Array): Promise<string> {
  const temporary = join(dirname(file), `${ownPrefix}${randomBytes(6).toString('hex')}-${basename(file)}`);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw asExtractError(file, error);
  }
}

function asExtractError(file: string, error: unknown): ExtractError {
  const why =
    codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT' ? 'the disk is full' : messageOf(error);
  return new ExtractError(
    `${file} could not be written: ${why}. Parts that are written stay: the same command goes on from there`,
    undefined,
    { cause: error },
  );
}

/** Removes what threads of this process that were ended left half written. */
export async function removeOwnTemporaries(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  await removeAll(
    folder,
    names.filter((name) => name.startsWith(ownPrefix)),
  );
}

/** Removes what processes that were killed left half written. Before this one has written anything. */
export async function removeStale(folder: string): Promise<void> {
  const stale: string[] = [];
  for (const name of await readdir(folder)) {
    if (name.startsWith(PREFIX) && (await isStale(folder, name))) stale.push(name);
  }
  await removeAll(folder, stale);
}

/** A file of that age is of a machine that was lost: no part takes so long to write. */
const STALE_MILLISECONDS = 3_600_000;

async function isStale(folder: string, name: string): Promise<boolean> {
  const ofThisHost = `${PREFIX}${hostname()}-`;
  if (name.startsWith(ofThisHost)) return !isRunning(Number.parseInt(name.slice(ofThisHost.length), 10));
  const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
  return Date.now() - mtimeMs > STALE_MILLISECONDS;
}

/** Whether another process of this number runs. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function removeAll(folder: string, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => rm(join(folder, name), { force: true })));
}
