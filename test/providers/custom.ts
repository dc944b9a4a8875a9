/** Browsers that vitest has no provider for: all it asks of one is that it opens a page. */
import { defineBrowserProvider } from '@vitest/browser';
import type { BrowserProvider, BrowserProviderOption } from 'vitest/node';

/** A browser that runs. */
export interface RunningBrowser {
  open(url: string): Promise<void>;
  close(): Promise<void>;
}

/** A provider of a browser that `launch` starts. */
export function customProvider(name: string, launch: () => Promise<RunningBrowser>): BrowserProviderOption {
  return defineBrowserProvider({
    name,
    options: {},
    providerFactory: (): BrowserProvider => {
      let running: Promise<RunningBrowser> | undefined;
      return {
        name,
        supportsParallelism: false,
        getCommandsContext: () => ({}),
        async openPage(_session, url) {
          running ??= launch();
          await (await running).open(url);
        },
        async close() {
          await (await running)?.close();
        },
      };
    },
  });
}
