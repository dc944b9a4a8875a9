import cliProgress from 'cli-progress';

/** Tells how far a run is. */
export interface Progress {
  /** So many inputs more are done. */
  add(inputs: number): void;
  stop(): void;
}

/** A bar on a terminal; elsewhere a line now and then. Both on standard error. */
export function showProgress(total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? showBar(total, stream) : showLines(total, stream);
}

function showBar(total: number, stream: NodeJS.WriteStream): Progress {
  const started = performance.now();
  const format = '{bar} {value} of {total} | {rate} a second | {left} left';
  const bar = new cliProgress.SingleBar(
    { format, stream, hideCursor: true, fps: 5 },
    cliProgress.Presets.shades_classic,
  );
  let done = 0;
  const payload = () => describe(done, total, performance.now() - started);
  bar.start(total, 0, payload());
  // The time left goes on while a large image is computed.
  const timer = setInterval(() => bar.update(payload()), 1000);
  return {
    add(inputs) {
      done += inputs;
      bar.update(Math.min(done, total), payload());
    },
    stop() {
      clearInterval(timer);
      bar.stop();
    },
  };
}

const LINE_MILLISECONDS = 10_000;

function showLines(total: number, stream: NodeJS.WriteStream): Progress {
  const started = performance.now();
  let done = 0;
  const write = () => {
    const { rate, left } = describe(done, total, performance.now() - started);
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
    stream.write(`${done} of ${total} (${percent} %), ${rate} a second, ${left} left\n`);
  };
  const timer = setInterval(write, LINE_MILLISECONDS);
  return {
    add(inputs) {
      done += inputs;
    },
    stop: () => clearInterval(timer),
  };
}

function describe(done: number, total: number, milliseconds: number): { rate: string; left: string } {
  const perSecond = (1000 * done) / Math.max(1, milliseconds);
  const left = done === 0 ? '?' : duration((total - done) / perSecond);
  return { rate: perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(1), left };
}

/** A time in words, such as `1 h 05 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
