/** What was measured, in a form that fits a file and a link. */
import type { Operation } from '../../../test/bench/core/index.js';

export interface Report {
  readonly version: 1;
  readonly operation: Operation;
  readonly channels: number;
  readonly levels: readonly number[];
  /** Height and width of each map. */
  readonly sizes: readonly number[];
  readonly engines: readonly EngineReport[];
  readonly host: Host;
}

export interface EngineReport {
  readonly name: string;
  /** Microseconds a map of each size, the median; `null` where this engine did not take part. */
  readonly microseconds: readonly (number | null)[];
}

export interface Host {
  readonly date: string;
  readonly agent: string;
  readonly cores: number;
  readonly isolated: boolean;
  /** What else was computing meanwhile. */
  readonly disturbedBy?: readonly string[];
}

export const BOUND = 'bound';

/** Gigabytes of the map a second. */
export function throughput({ channels }: Report, size: number, microseconds: number | null): number | null {
  if (microseconds === null) return null;
  return (4 * channels * size ** 2) / microseconds / 1000;
}

/** Encodes a report for an address. */
export async function encodeReport(report: Report): Promise<string> {
  const json = new Blob([JSON.stringify(report)]);
  const packed = await bytesOf(json.stream().pipeThrough(new CompressionStream('deflate-raw')));
  const base64 = btoa(Array.from(packed, (byte) => String.fromCharCode(byte)).join(''));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Throws a message for the visitor where the text is no report. */
export async function decodeReport(word: string): Promise<Report> {
  try {
    const text = atob(word.replaceAll('-', '+').replaceAll('_', '/'));
    const packed = new Blob([Uint8Array.from(text, (character) => character.charCodeAt(0))]);
    const json = await bytesOf(packed.stream().pipeThrough(new DecompressionStream('deflate-raw')));
    const report: unknown = JSON.parse(new TextDecoder().decode(json));
    if (isReport(report)) return report;
  } catch {
    // The error below says it.
  }
  throw new Error('The link holds no result that this page can read.');
}

async function bytesOf(stream: ReadableStream): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A report in a link may have been changed by anyone, so all of it is checked. */
function isReport(content: unknown): content is Report {
  if (typeof content !== 'object' || content === null) return false;
  const { version, operation, channels, levels, sizes, engines, host } = content as Record<string, unknown>;
  return (
    version === 1 &&
    typeof operation === 'string' &&
    typeof channels === 'number' &&
    isNumbers(levels) &&
    isNumbers(sizes) &&
    sizes.length > 0 &&
    Array.isArray(engines) &&
    engines.length > 0 &&
    engines.every((engine) => isEngine(engine, sizes.length)) &&
    isHost(host)
  );
}

function isNumbers(content: unknown): content is number[] {
  return Array.isArray(content) && content.every((each) => typeof each === 'number' && each > 0);
}

function isEngine(content: unknown, count: number): boolean {
  if (typeof content !== 'object' || content === null) return false;
  const { name, microseconds } = content as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    Array.isArray(microseconds) &&
    microseconds.length === count &&
    microseconds.every((each) => each === null || (typeof each === 'number' && each > 0))
  );
}

function isHost(content: unknown): boolean {
  if (typeof content !== 'object' || content === null) return false;
  const { date, agent, cores, disturbedBy = [] } = content as Record<string, unknown>;
  return (
    typeof date === 'string' &&
    typeof agent === 'string' &&
    typeof cores === 'number' &&
    Array.isArray(disturbedBy) &&
    disturbedBy.every((each) => typeof each === 'string')
  );
}
