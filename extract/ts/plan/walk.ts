import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';

/** Which files are looked for. Paths are from the folder that is looked through, with `/` between names. */
export interface FileFilter {
  /** Whether a folder may have such files in it. */
  entersFolder(path: string): boolean;
  matches(path: string): boolean;
  /** Whether files and folders count whose names begin with a dot. */
  readonly includesHidden: boolean;
}

/** What is in a folder and in the folders below it. */
export interface Found {
  /** Files that were chosen, and links that lead nowhere, which fail where they are read. */
  readonly files: readonly string[];
  /** How many others there are. */
  readonly leftOut: number;
  /** Folders that could not be looked into. */
  readonly unreadable: readonly string[];
}

/** A folder, and how it was come to. */
interface Place {
  readonly path: string;
  /** Its path without links. */
  readonly real: string;
  /** The folders, by their paths without links, from which links were followed on the way. */
  readonly before: readonly string[];
}

/**
 * Lists files in a folder and in the folders below it. Links are followed, but not one that leads back to a folder that it was come to
 * through.
 */
export async function walk(
  folder: string,
  { entersFolder, matches, includesHidden }: FileFilter,
): Promise<Found> {
  const files: string[] = [];
  let leftOut = 0;
  const unreadable: string[] = [];
  const waiting: Place[] = [{ path: folder, real: await realpath(folder), before: [] }];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const entries = await readdir(place.path, { withFileTypes: true }).catch(() => undefined);
    if (!entries) unreadable.push(place.path);
    for (const entry of entries ?? []) {
      if (entry.name.startsWith('.') && !includesHidden) continue;
      const path = join(place.path, entry.name);
      const within = relative(folder, path).split(sep).join('/');
      const isLink = entry.isSymbolicLink();
      const kind = isLink ? await stat(path).catch(() => undefined) : entry;
      if (!kind || kind.isFile()) {
        if (matches(within)) files.push(path);
        else leftOut++;
      } else if (kind.isDirectory() && entersFolder(within)) {
        const next = isLink ? await follow(place, path) : below(place, path);
        if (next) waiting.push(next);
      }
    }
  }
  return { files, leftOut, unreadable };
}

/** A folder in another one, without a link. */
const below = ({ real, before }: Place, path: string): Place => ({
  path,
  real: join(real, basename(path)),
  before,
});

/** The folder that a link in another one leads to. Undefined where it leads back. */
async function follow(above: Place, path: string): Promise<Place | undefined> {
  const real = await realpath(path);
  const before = [...above.before, above.real];
  return before.some((folder) => isWithin(folder, real)) ? undefined : { path, real, before };
}

const isWithin = (path: string, folder: string) =>
  `${path}${sep}`.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
