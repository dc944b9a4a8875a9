import { Refusal } from './refusal.js';

/**
 * The parameters of a request's query. Unknown parameters and parameters that occur twice are refused, so that a misspelt one is
 * not ignored.
 */
export function readQuery<K extends string>(request: Request, known: readonly K[]): Map<K, string> {
  const parameters = [...new URL(request.url).searchParams] as [K, string][];
  const names = parameters.map(([name]) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const list = known.length > 1 ? `there are ${known.join(', ')}` : `there is ${known[0]}`;
    throw new Refusal(400, 'unknown-parameter', `${quote(unknown)} is not a parameter; ${list}`);
  }
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    const message = `${repeated} is there more than once, but must be there once`;
    throw new Refusal(400, 'repeated-parameter', message);
  }
  return new Map(parameters);
}

/** A parameter in quotes, shortened, for error messages. */
export const quote = (text: string) => JSON.stringify(text.slice(0, 60));

/** A whole number from 1 up. */
export function readCount(text: string): number | undefined {
  return /^[1-9]\d{0,8}$/.test(text.trim()) ? Number(text) : undefined;
}

/** The media type of a body, without its parameters. */
export function mediaType(headers: Headers): string | undefined {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
}
