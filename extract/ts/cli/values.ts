/** Reads the values of options. Each names the option that is wrong, what it was and what it must be. */
import type { Level } from 'pyramid-pool';
import { UsageError } from '../core/errors.js';

function refuse(option: string, text: string, must: string): never {
  throw new UsageError(`${option} is '${text}', but must be ${must}`);
}

export function readCount(option: string, text: string, least = 1): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  refuse(option, text, `a whole number from ${least} up`);
}

export function readOneOf<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice.toLowerCase() === text.toLowerCase());
  return found ?? refuse(option, text, choices.join(' or '));
}

/** Levels as people write them: `4,2,1`, or `4x2` for 4 rows and 2 columns. */
export function readLevels(option: string, text: string): Level[] {
  return text.split(',').map((level) => {
    const [, rows, columns] = /^([1-9]\d*)(?:x([1-9]\d*))?$/.exec(level.trim()) ?? [];
    if (rows === undefined) refuse(option, text, 'numbers of bins, such as 4,2,1 or 4x2,1');
    return columns === undefined ? Number(rows) : ([Number(rows), Number(columns)] as const);
  });
}

/** One number for all channels, or one for red, green and blue each. */
export function readChannels(option: string, text: string): number[] {
  const values = text.split(',').map((value) => (value.trim() === '' ? Number.NaN : Number(value)));
  const isRight = (values.length === 1 || values.length === 3) && values.every(Number.isFinite);
  if (!isRight)
    refuse(option, text, 'one number, or three for red, green and blue, such as 0.485,0.456,0.406');
  if (option === '--std' && values.includes(0)) refuse(option, text, 'other than 0');
  return values;
}

const units: Record<string, number> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};

/** A number of bytes, such as `8GB`, `8G`, `512MiB`. */
export function readBytes(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?) *([kmgt]?i?)b?$/i.exec(text.trim()) ?? [];
  const factor = units[(unit ?? '').toLowerCase()];
  const bytes = Number(number) * (factor ?? Number.NaN);
  return bytes >= LEAST_MEMORY
    ? bytes
    : refuse(option, text, 'an amount of memory, such as 8GB, and at least 64MB');
}

const LEAST_MEMORY = 64e6;

/** What transparent images are laid on: `white`, `black`, or `#rrggbb`. */
export function readColour(option: string, text: string): string {
  const named: Record<string, string> = {
    white: '#ffffff',
    black: '#000000',
    grey: '#808080',
    gray: '#808080',
  };
  const colour = named[text.toLowerCase()] ?? text.toLowerCase();
  return /^#[0-9a-f]{6}$/.test(colour) ? colour : refuse(option, text, 'white, black, grey or #rrggbb');
}

/** The address of Redis or Valkey. */
export function readAddress(option: string, text: string): string {
  try {
    const { protocol, hostname } = new URL(text);
    if (/^rediss?:$/.test(protocol) && hostname !== '') return text;
  } catch {
    // Refused below.
  }
  refuse(option, text, 'an address such as redis://host:6379');
}
