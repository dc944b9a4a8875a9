import { Redis } from 'ioredis';
import { ExtractError, messageOf } from '../core/errors.js';

/** How long the first answer may take. */
const FIRST_ANSWER_MILLISECONDS = 10_000;

/** The longest pause between two tries to reach a broker that went away. */
const LONGEST_PAUSE_MILLISECONDS = 5000;

/** Connects to Redis or Valkey. One that goes away later is waited for; one that is not there at all is an error. */
export async function connect(address: string): Promise<Redis> {
  let hasAnswered = false;
  const redis = new Redis(address, {
    lazyConnect: true,
    connectTimeout: FIRST_ANSWER_MILLISECONDS,
    // Commands wait for the broker, as BullMQ wants it.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (hasAnswered ? Math.min(100 * times, LONGEST_PAUSE_MILLISECONDS) : null),
  });
  let last: unknown;
  redis.on('error', (error: unknown) => {
    last = error;
  });
  try {
    await redis.connect();
    hasAnswered = true;
    return redis;
  } catch (error) {
    redis.disconnect();
    throw new ExtractError(
      `no Redis or Valkey answers at ${withoutPassword(address)}: ${messageOf(last ?? error)}`,
    );
  }
}

/** An address without its password. */
export function withoutPassword(address: string): string {
  const url = new URL(address);
  if (url.password !== '') url.password = '***';
  return url.href;
}
