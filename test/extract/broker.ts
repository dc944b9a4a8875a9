/** Starts a Redis or Valkey for a test file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { Redis } from 'ioredis';
import { findRedis } from '../../scripts/redis.mjs';

export const redisProgram = findRedis();

export class Broker {
  readonly address: string;
  readonly #folder: string;
  readonly #port: number;
  #server: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
    this.address = `redis://127.0.0.1:${port}`;
    mkdirSync(folder);
  }

  static async start(folder: string): Promise<Broker> {
    const broker = new Broker(folder, await freePort());
    await broker.start();
    return broker;
  }

  /** Starts it with what its append-only file has. */
  async start(): Promise<void> {
    const settings = {
      port: this.#port,
      bind: '127.0.0.1',
      dir: this.#folder,
      appendonly: 'yes',
      appendfsync: 'always',
      save: '',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#server = spawn(redisProgram!, args, { stdio: 'ignore' });
    await this.ask((redis) => redis.ping());
  }

  /** Kills it at once. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
  }

  /** Removes its data. */
  deleteData(): void {
    rmSync(this.#folder, { recursive: true });
    mkdirSync(this.#folder);
  }

  /** A proxy of the broker. After `cut`, nothing that workers send through it reaches the broker, as if their network had failed. */
  async startProxy(): Promise<{ readonly address: string; cut(): void }> {
    let whole = true;
    const line = createServer((worker) => {
      const broker = connect(this.#port, '127.0.0.1');
      worker.on('data', (data) => whole && broker.write(data));
      broker.pipe(worker);
      for (const end of [worker, broker]) end.on('error', () => {});
      worker.on('close', () => broker.destroy());
      broker.on('close', () => worker.destroy());
    });
    line.unref();
    return {
      address: `redis://127.0.0.1:${await portOf(line.listen(0, '127.0.0.1'))}`,
      cut: () => {
        whole = false;
      },
    };
  }

  async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.address, { maxRetriesPerRequest: null });
    redis.on('error', () => {});
    try {
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }

  /** Waits until so many shards are under way. */
  async waitForActive(count: number): Promise<void> {
    await this.ask(async (redis) => {
      while ((await redis.llen('bull:pyramid-pool-extract:active')) < count) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
  }
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  const port = await portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The port of a server that begins to listen. */
async function portOf(server: Server): Promise<number> {
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
