import { stat } from 'node:fs/promises';
import { dirname, extname, relative, resolve, sep } from 'node:path';
import { escapePath, glob, isDynamicPattern } from 'tinyglobby';
import { ExtractError, messageOf, UsageError } from '../core/errors.js';
import type { Piece } from '../core/settings.js';
import { walk, withoutReturns } from './walk.js';

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
 * pattern, is taken whatever its name.
 */
export async function listInputs(
  patterns: readonly string[],
  extensions: readonly string[],
  within?: string,
): Promise<Inputs> {
  const listed = await Promise.all(patterns.map((pattern) => listOne(pattern, extensions)));
  const root = within === undefined ? commonFolder(listed.map(({ base }) => base)) : resolve(within);
  const paths = [...new Set(listed.flatMap(({ paths }) => paths))];
  const files = await measure(root, paths);
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  if (files.length === 0) {
    throw new ExtractError(
      `there are no files to read in ${patterns.join(', ')}: in folders, names must end in ${extensions.join(' ')}`,
    );
  }
  return { root, files, leftOut: listed.reduce((sum, it) => sum + it.leftOut, 0) };
}

async function listOne(pattern: string, extensions: readonly string[]) {
  const path = resolve(pattern);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return { base: dirname(path), paths: [path], leftOut: 0 };
  if (found?.isDirectory()) {
    const { files: all, unreadable } = await walk(path);
    if (unreadable.includes(path)) throw new ExtractError(`${pattern} could not be looked into`);
    const paths = all.filter((file) => extensions.includes(extname(file).toLowerCase()));
    return { base: path, paths: [...paths, ...unreadable], leftOut: all.length - paths.length };
  }
  if (!isDynamicPattern(pattern)) throw new UsageError(`${pattern}: there is no such file or folder`);
  const base = staticFolder(pattern);
  const paths = await glob(pattern, { cwd: process.cwd(), absolute: true });
  const files = paths.map((file) => resolve(file));
  return { base, paths: await withoutReturns(base, files), leftOut: 0 };
}

/** The folder before the first part of a pattern that is one. */
function staticFolder(pattern: string): string {
  const parts = pattern.split('/');
  const first = parts.findIndex((part) => isDynamicPattern(part) || part !== escapePath(part));
  return resolve(parts.slice(0, first).join('/') || (pattern.startsWith('/') ? '/' : '.'));
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
      try {
        return { path, bytes: (await stat(file)).size };
      } catch (error) {
        // A link that leads nowhere: it fails where it is read.
        if (messageOf(error)) return { path, bytes: 0 };
        throw error;
      }
    });
    files.push(...(await Promise.all(some)));
  }
  return files;
}
