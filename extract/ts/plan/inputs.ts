import { lstat, stat } from 'node:fs/promises';
import { basename, dirname, extname, relative, resolve, sep } from 'node:path';
import { ExtractError, UsageError } from '../core/errors.js';
import type { Piece } from '../core/settings.js';
import { partOfFile } from '../parts/names.js';
import { readPattern } from './pattern.js';
import { type FileFilter, walk } from './walk.js';

/** The files of a run. */
export interface Inputs {
  /** The folder that all of them are in: ids start from it. */
  readonly root: string;
  /** In the order of their paths. */
  readonly files: readonly Piece[];
  /** How many files in folders were left out, as the ends of their names say that they are something else. */
  readonly leftOut: number;
}

/** Ends of the names of images that can be decoded. */
export const imageExtensions = [
  ...['.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.webp', '.gif', '.avif', '.tif', '.tiff'],
];

/**
 * Lists files, folders and patterns. In a folder, files whose names have one of these ends are taken; a file that is named, or matched by a
 * pattern, is taken whatever its name; but never a part that this tool has written.
 */
export async function listInputs(
  patterns: readonly string[],
  extensions: readonly string[],
  within?: string,
): Promise<Inputs> {
  const listed = await Promise.all(patterns.map((pattern) => listOne(pattern, extensions)));
  const root = within === undefined ? commonFolder(listed.map(({ base }) => base)) : resolve(within);
  const paths = [...new Set(listed.flatMap(({ paths }) => paths))].filter(
    (path) => !partOfFile(basename(path)),
  );
  const files = await measure(root, paths);
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  if (files.length === 0) {
    throw new ExtractError(
      `there are no files to read in ${patterns.join(', ')}: in folders, names must end in ${extensions.join(' ')}`,
    );
  }
  return { root, files, leftOut: listed.reduce((sum, it) => sum + it.leftOut, 0) };
}

interface Listed {
  readonly base: string;
  readonly paths: readonly string[];
  readonly leftOut: number;
}

async function listOne(pattern: string, extensions: readonly string[]): Promise<Listed> {
  const path = resolve(pattern);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return { base: dirname(path), paths: [path], leftOut: 0 };
  if (found?.isDirectory()) {
    const matches = (file: string) => extensions.includes(extname(file).toLowerCase());
    return listFolder(path, { matches, entersFolder: () => true, includesHidden: false });
  }
  // A link that leads nowhere, as a shell may have found it.
  if (await isLink(path)) return { base: dirname(path), paths: [path], leftOut: 0 };
  const { base, filter } = await readPattern(pattern);
  return { ...(await listFolder(resolve(base), filter)), leftOut: 0 };
}

const isLink = (path: string) =>
  lstat(path).then(
    (it) => it.isSymbolicLink(),
    () => false,
  );

/** Folders in it that could not be looked into are inputs that fail. */
async function listFolder(base: string, filter: FileFilter): Promise<Listed> {
  const { files, leftOut, unreadable } = await walk(base, filter);
  if (unreadable.includes(base)) throw new ExtractError(`${base} could not be looked into`);
  return { base, paths: [...files, ...unreadable], leftOut };
}

/** The longest path that all of these start with. */
export function commonFolder(folders: readonly string[]): string {
  const [first = '', ...rest] = folders.map((folder) => folder.split(sep));
  let length = first.length;
  for (const parts of rest) {
    let same = 0;
    while (same < Math.min(length, parts.length) && parts[same] === first[same]) same++;
    length = same;
  }
  return (first as string[]).slice(0, length).join(sep) || sep;
}

/** Files that are looked at at once. */
const AT_ONCE = 64;

async function measure(root: string, paths: readonly string[]): Promise<Piece[]> {
  const files: Piece[] = [];
  for (let i = 0; i < paths.length; i += AT_ONCE) {
    const some = paths.slice(i, i + AT_ONCE).map(async (file): Promise<Piece> => {
      const path = relative(root, file).split(sep).join('/');
      if (path.startsWith('../')) throw new UsageError(`${file} is not in ${root}`);
      // A link that leads nowhere has no size: it fails where it is read.
      const bytes = await stat(file).then(
        ({ size }) => size,
        () => 0,
      );
      return { path, bytes };
    });
    files.push(...(await Promise.all(some)));
  }
  return files;
}
