/** Functions that read options, for all benchmarks. */

/** A wrong command line. The message says why. */
export class UsageError extends Error {}

/** The names that an option was given: it may be repeated, and each time be a list. */
export function readNames(option: string, given: readonly string[] | undefined): string[] | undefined {
  const names = given?.flatMap((list) => list.split(',')).map((name) => name.trim());
  if (names?.includes('')) throw new UsageError(`--${option} needs names, such as a or a,b.`);
  return names;
}

export function refuseOthers(
  what: string,
  asked: readonly string[],
  known: readonly string[],
  shown = known,
): void {
  const other = asked.find((name) => !known.includes(name));
  if (other !== undefined)
    throw new UsageError(`There is no ${what} ${other}: there are ${shown.join(', ')}.`);
}

/** Refuses what is no number of something. */
export function checkCount(option: string, text: string | undefined): void {
  if (text !== undefined && !/^[1-9]\d*$/.test(text))
    throw new UsageError(`--${option} needs a number from 1 on.`);
}

/** Runs a benchmark. A wrong command line ends with a message in place of a stack trace. */
export async function runBenchmark(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    // The error of parseArgs for an unknown option has a code.
    const isUsage =
      error instanceof UsageError || String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
    console.error(isUsage ? (error as Error).message : error);
    process.exit(isUsage ? 2 : 1);
  }
}
