import { canonicalJson, hashText } from '../core/hash.js';
import type { Piece, Shard } from '../core/settings.js';
import type { RunIdentity } from '../parts/manifest.js';
import { partName } from '../parts/names.js';

/** Files in a part at most, and at least where there are enough; and how many parts are aimed at, so that all cores have work. */
const LARGEST = 256;
const SMALLEST = 16;
const PARTS = 64;

/** The size of parts for so many files, where none is asked for. */
export const defaultPartSize = (files: number) =>
  Math.min(LARGEST, Math.max(SMALLEST, Math.ceil(files / PARTS)));

/** SHA-256 of all that a vector depends on beside its input. */
export const fingerprintOf = ({ options, versions, hashes }: RunIdentity) =>
  hashText(canonicalJson({ options, versions, hashes }));

/**
 * Divides pieces into shards: files by number, and groups of rows of a file each for itself. The name of a shard is a function of
 * its pieces and of the run's options and versions.
 */
export function makeShards(pieces: readonly Piece[], partSize: number, fingerprint: string): Shard[] {
  const groups: Piece[][] = [];
  let open: Piece[] | undefined;
  for (const piece of pieces) {
    if (piece.group !== undefined) {
      groups.push([piece]);
      open = undefined;
    } else if (open && open.length < partSize) {
      open.push(piece);
    } else {
      open = [piece];
      groups.push(open);
    }
  }
  return groups.map((pieces, i) => ({ name: nameOf(i, pieces, fingerprint), pieces }));
}

const nameOf = (index: number, pieces: readonly Piece[], fingerprint: string) =>
  partName(index, hashText(`${fingerprint}\n${canonicalJson(pieces)}`));
