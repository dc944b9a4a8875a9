import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The folders in which programs are looked for, each once: /bin is often another name of /usr/bin. */
export const foldersOn = (path) => [
  ...new Set(
    path
      .split(delimiter)
      .filter((folder) => folder && existsSync(folder))
      .map((folder) => realpathSync(folder)),
  ),
];

/** A path with this folder before all others. */
export const prependToPath = (folder, path) => [folder, path].join(delimiter);

/** The file of a program: on Windows its name ends with `.exe`. */
export const programFile = (name, platform = process.platform) =>
  platform === 'win32' ? `${name}.exe` : name;

/** Where the programs of these names are, in the order of the path. */
export const programsOn = (path, names) =>
  foldersOn(path)
    .flatMap((folder) => names.map((name) => join(folder, programFile(name))))
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
