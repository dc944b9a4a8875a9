import { playwright } from '@vitest/browser-playwright';
import type { BrowserProviderOption } from 'vitest/node';
import { chromiumFlags } from './chromium-flags.mjs';

/** Chromium, by its own protocol. */
export const chromium = (executablePath: string) =>
  playwright({ launchOptions: { executablePath, args: chromiumFlags } }) as BrowserProviderOption;
