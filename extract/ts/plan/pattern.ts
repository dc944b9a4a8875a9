import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import picomatch from 'picomatch';
import { UsageError } from '../core/errors.js';
import type { FileFilter } from './walk.js';

/** A pattern of paths, such as `photos/2*.jpg`. */
export interface Pattern {
  /** The folder before the part that is one. */
  readonly base: string;
  readonly filter: FileFilter;
}

/** Reads a pattern. What of its start is there as it is written is no pattern, such as the folder `photos (1)`. */
export async function readPattern(pattern: string): Promise<Pattern> {
  const parts = pattern.split('/');
  let base = pattern.startsWith('/') ? '/' : '.';
  while (parts.length > 1 && (await isFolder(join(base, parts[0]!)))) base = join(base, parts.shift()!);
  const [first, glob] = [parts[0]!, parts.join('/')];
  const isGlob = special.test(first) && picomatch.scan(glob, options).isGlob;
  if (isGlob) return { base, filter: filterOf(glob) };
  const what = parts.length === 1 ? 'file or folder' : `folder as ${join(base, first)}`;
  throw new UsageError(`${pattern}: there is no such ${what}`);
}

const isFolder = (path: string) =>
  stat(path).then(
    (it) => it.isDirectory(),
    () => false,
  );

/** A name without any of these is no pattern. */
const special = /[\\*?[({]/;

/** A `!` at the start is a character as any other, and so is a line break in a name. */
const options = { nonegate: true, flags: 's' } as const;

/** The files that match, and all files in folders that match. */
function filterOf(glob: string): FileFilter {
  const matches = picomatch([glob, `${glob}/**`], options);
  const isDeep = /\*\*|[({][^)}]*\//.test(glob);
  const depth = isDeep ? Number.POSITIVE_INFINITY : glob.split('/').length;
  return {
    matches,
    entersFolder: (path) => path.split('/').length < depth || matches(path),
    includesHidden: /(^|\/)\\?\./.test(glob),
  };
}
