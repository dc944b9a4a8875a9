import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The folders in which programs are looked for. */
export const foldersOn = (path) => path.split(delimiter).filter(Boolean);

/** A path with this folder before all others. */
export const withFirst = (folder, path) => [folder, path].join(delimiter);

/** Where the programs of these names are, in the order of the path. */
export const programsOn = (path, names) =>
  foldersOn(path)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .filter(isProgram);

/** Whether this file can be run. */
export function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
