/** What the command ends with. */
export const exitCodes = {
  done: 0,
  /** Something went wrong: what it was is printed. */
  error: 1,
  /** The command line is wrong. */
  usage: 2,
  /** All is done, but some inputs could not be read. */
  failedInputs: 3,
  /** Ended by Ctrl-C. */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;

/** A failure that its message explains in full. */
export class ExtractError extends Error {
  override readonly name = 'ExtractError';

  constructor(
    message: string,
    readonly exitCode: number = exitCodes.error,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A wrong command line. */
export class UsageError extends ExtractError {
  constructor(message: string) {
    super(`${message}; see pyramid-pool-extract --help`, exitCodes.usage);
  }
}

/** What an error of somebody else says, in one line. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().split('\n')[0] ?? '';
}

/** The code of an error of the operating system, such as `ENOSPC`. */
export const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code;

/**
 * Why an input could not be read. Errors of the system name its path, which is another one on other machines: the same input must have
 * the same reason, as it is written into a part.
 */
export function reasonOf(error: unknown, id: string): string {
  const message = messageOf(error);
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return message;
  // What stands in a path for bytes that are no UTF-8.
  if (code === 'ENOENT' && id.includes('\uFFFD')) return 'its name is not in UTF-8: rename it';
  return message.split(`, ${syscall}`)[0]!;
}
