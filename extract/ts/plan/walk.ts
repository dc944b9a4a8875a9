import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

/** What is in a folder and in the folders below it. */
export interface Found {
  /** Files, and links that lead nowhere, which fail where they are read. */
  readonly files: readonly string[];
  /** Folders that could not be looked into. */
  readonly unreadable: readonly string[];
}

/**
 * Lists the files in a folder and in the folders below it. Links are followed, but not one that leads back to a folder that it is in.
 * Hidden files and folders are left out.
 */
export async function walk(folder: string): Promise<Found> {
  const files: string[] = [];
  const unreadable: string[] = [];
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const entries = await readdir(next, { withFileTypes: true }).catch(() => undefined);
    if (!entries) unreadable.push(next);
    for (const entry of entries ?? []) {
      if (entry.name.startsWith('.')) continue;
      const path = join(next, entry.name);
      const kind = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
      if (!kind || kind.isFile()) files.push(path);
      else if (kind.isDirectory() && !(entry.isSymbolicLink() && (await leadsBack(path)))) waiting.push(path);
    }
  }
  return { files, unreadable };
}

/** Whether a folder is one that it is in itself, which only a link can do. */
async function leadsBack(folder: string): Promise<boolean> {
  const [real, parent] = await Promise.all([realpath(folder), realpath(dirname(folder))]);
  return `${parent}${sep}`.startsWith(real.endsWith(sep) ? real : `${real}${sep}`);
}

/** Leaves out files that are found again through a link that leads back. */
export async function withoutReturns(base: string, files: readonly string[]): Promise<string[]> {
  const known = new Map<string, Promise<boolean>>();
  const returns = (folder: string): Promise<boolean> => {
    if (folder.length <= base.length) return Promise.resolve(false);
    const found = known.get(folder) ?? returns(dirname(folder)).then((above) => above || leadsBack(folder));
    known.set(folder, found);
    return found;
  };
  const kept = await Promise.all(files.map(async (file) => !(await returns(dirname(file)))));
  return files.filter((_, i) => kept[i]);
}
