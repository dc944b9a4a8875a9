import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A command of `remote.mjs`. */
export type Command =
  | { do: 'load'; name: string; wasm: string }
  | { do: 'call' | 'time'; name: string; args: readonly number[] }
  | { do: 'write'; address: number; data: string }
  | { do: 'hash'; address: number; bytes: number };

/** What an engine's process answers, or what went wrong. */
export interface Reply {
  readonly answer?: unknown;
  readonly error?: string;
}

/** A way to an engine, which does one command at a time. */
export interface Channel {
  ask(command: Command): Promise<unknown>;
  close(): Promise<void> | void;
}

/** The answer of a reply. */
export function answerOf({ answer, error }: Reply): unknown {
  if (error !== undefined) throw new Error(error);
  return answer;
}

/** A process that takes commands by lines on its standard input. */
export async function processChannel(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Channel> {
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-2000);
  });
  await once(child, 'spawn');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  process.setMaxListeners(0);
  const stop = () => void child.kill();
  process.on('exit', stop);
  return {
    async ask(command) {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`it ended: ${errors.trim().split('\n').at(-1)}`);
      return answerOf(JSON.parse(value));
    },
    close() {
      process.off('exit', stop);
      stop();
    },
  };
}
