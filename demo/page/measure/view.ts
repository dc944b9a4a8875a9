/** The benchmark in the visitor's browser. */
import { proxy, type Remote, wrap } from 'comlink';
import { type Event, type Operation, spreadOf, sweep } from '../../../test/bench/core/index.js';
import { onThemeChange } from '../shell/theme.js';
import type { View } from '../shell/view.js';
import { element, make, messageOf, showProblem } from '../ui/dom.js';
import { type DownloadProgress, megabytes } from '../ui/download.js';
import { saveFile } from '../ui/save-file.js';
import { type Bench, engineNames, type Order } from './bench.js';
import { hostOf, plotAsPng, titleOf } from './picture-file.js';
import { BOUND, decodeReport, encodeReport, type Report } from './report.js';
import { fillTable } from './table.js';
import { ThroughputPlot } from './throughput-plot.js';
import html from './view.html?raw';
import './measure.css';

export const title = 'Measure';

const QUICK = { sizes: [7, 13, 28, 56], rounds: 9 };
const FULL_ROUNDS = 25;
const MOST_THREADS = 8;
const LEVELS = [4, 2, 1];

export function mount(root: HTMLElement): View {
  root.innerHTML = html;
  return new MeasureView(root);
}

class MeasureView implements View {
  readonly #root: HTMLElement;
  readonly #plot: ThroughputPlot;
  #bench: Remote<Bench> | undefined;
  #report: Report | undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#plot = new ThroughputPlot(element(root, '#throughput'));
    this.#fillEngines();
    const on = (selector: string, work: () => Promise<void> | void) =>
      element(root, selector).addEventListener('click', () => void this.#attempt(work));
    on('#run', () => this.#measure());
    on('#cancel', () => this.#cancel());
    on('#save-json', () => this.#saveJson());
    on('#save-png', () => this.#savePng());
    on('#copy-link', () => this.#copyLink());
    onThemeChange(() => this.#plot.remake());
  }

  /** A result may come with the address. */
  shown(query: URLSearchParams): void {
    const word = query.get('result');
    if (word) void this.#attempt(async () => this.#show(await decodeReport(word)));
    this.#plot.remake();
  }

  #fillEngines(): void {
    const cores = Math.min(navigator.hardwareConcurrency, MOST_THREADS);
    const choices = engineNames(cores).map(({ name, isPeer }) => {
      const disabled = name.startsWith('simd-threads') && !crossOriginIsolated;
      const input = make('input', { type: 'checkbox', value: name, checked: !isPeer && !disabled, disabled });
      return make('label', { className: 'choice' }, input, name);
    });
    element(this.#root, '#engines').replaceChildren(...choices);
    const alone = crossOriginIsolated
      ? ''
      : 'This page is not cross-origin isolated, so there are no threads: everything runs single-threaded. ';
    element(this.#root, '#engines-note').textContent =
      `${alone}onnxruntime-web (14 MB) and tfjs are loaded if you choose them, and take part in forward only.`;
  }

  async #attempt(work: () => Promise<void> | void): Promise<void> {
    const problem = element(this.#root, '#problem');
    showProblem(problem, undefined);
    try {
      await work();
    } catch (error) {
      showProblem(problem, messageOf(error));
    }
  }

  get #order(): Order {
    const value = (selector: string) => element<HTMLSelectElement>(this.#root, selector).value;
    const channels = Number(value('#channels'));
    const all = sweep.filter(({ dims }) => dims[1] === channels).map(({ dims }) => dims[2]);
    const isQuick = value('#effort') === 'quick';
    const engines = [...this.#root.querySelectorAll<HTMLInputElement>('#engines input:checked')];
    return {
      operation: value('#operation') as Operation,
      channels,
      sizes: isQuick ? QUICK.sizes : all,
      rounds: isQuick ? QUICK.rounds : FULL_ROUNDS,
      engines: engines.map((input) => input.value),
    };
  }

  async #measure(): Promise<void> {
    const order = this.#order;
    this.#setRunning(true);
    this.#say('Measuring.');
    const worker = new Worker(new URL('./measure.worker.ts', import.meta.url), { type: 'module' });
    const broken = new Promise<never>((_, reject) => {
      worker.addEventListener('error', ({ message }) => reject(new Error(`The worker failed: ${message}`)));
    });
    const bench = wrap<Bench>(worker);
    this.#bench = bench;
    const medians = new Map<string, number>();
    const onEvent = (event: Event) => this.#take(event, order, medians);
    const onLoading = (what: string, progress?: DownloadProgress) =>
      this.#showNow(progress ? `${what}: ${megabytes(progress)}` : what);
    try {
      const finished = await Promise.race([bench.measure(order, proxy(onEvent), proxy(onLoading)), broken]);
      this.#say(finished ? 'Measured.' : 'Cancelled. What was measured before is shown.');
    } finally {
      // A worker of its own for each measurement: it starts from the same state, and leaves no memory behind.
      worker.terminate();
      this.#bench = undefined;
      this.#setRunning(false);
    }
  }

  async #cancel(): Promise<void> {
    element<HTMLButtonElement>(this.#root, '#cancel').disabled = true;
    await this.#bench?.cancel();
  }

  #take(event: Event, order: Order, medians: Map<string, number>): void {
    if (event.kind === 'progress') {
      element<HTMLProgressElement>(this.#root, '#measure-progress').value = event.done / event.total;
      this.#showNow(event.now);
      return;
    }
    const { case: name, engine, samples } = event.result;
    medians.set(`${name} ${engine}`, Number(spreadOf(samples).median.toPrecision(4)));
    this.#show(reportOf(order, medians));
  }

  #setRunning(running: boolean): void {
    element<HTMLButtonElement>(this.#root, '#run').disabled = running;
    element<HTMLButtonElement>(this.#root, '#cancel').disabled = !running;
    element(this.#root, '#measuring').hidden = !running;
  }

  #say(text: string): void {
    element(this.#root, '#measure-status').textContent = text;
  }

  #showNow(text: string): void {
    element(this.#root, '#measure-now').textContent = text;
  }

  #show(report: Report): void {
    this.#report = report;
    element(this.#root, '#result').hidden = false;
    element(this.#root, '#result-title').textContent = titleOf(report);
    element(this.#root, '#result-host').textContent = hostOf(report);
    this.#plot.show(report);
    fillTable(element(this.#root, '#result .scroll-x table'), report);
  }

  #saveJson(): void {
    const json = JSON.stringify(this.#report, null, 2);
    saveFile(new Blob([json], { type: 'application/json' }), 'pyramid-pool-bench.json');
  }

  async #savePng(): Promise<void> {
    if (this.#report) saveFile(await plotAsPng(this.#plot, this.#report), 'pyramid-pool-bench.png');
  }

  /** The address of the page becomes the link, so that it can be copied from there as well. */
  async #copyLink(): Promise<void> {
    if (!this.#report) return;
    history.replaceState(null, '', `#/measure?result=${await encodeReport(this.#report)}`);
    const shared = element(this.#root, '#shared');
    try {
      await navigator.clipboard.writeText(location.href);
      shared.textContent = 'The link is in the clipboard, and is the address of this page now.';
    } catch {
      shared.textContent = 'The link is the address of this page now: copy it from there.';
    }
  }
}

function reportOf(
  { operation, channels, sizes, engines }: Order,
  medians: ReadonlyMap<string, number>,
): Report {
  const names = [BOUND, ...engines];
  const took = (name: string) =>
    sizes.map((size) => medians.get(`${size}x${size}x${channels} ${name}`) ?? null);
  const reports = names.map((name) => ({ name, microseconds: took(name) }));
  return {
    version: 1,
    operation,
    channels,
    levels: LEVELS,
    sizes,
    engines: reports.filter(({ microseconds }) => microseconds.some((each) => each !== null)),
    host: {
      date: new Date().toISOString(),
      agent: browserName(),
      cores: navigator.hardwareConcurrency,
      isolated: crossOriginIsolated,
    },
  };
}

/** The part of the user agent that people know. */
function browserName(): string {
  const found = /(Firefox|Edg|OPR|Chrome|Version)\/(\d+)/.exec(navigator.userAgent);
  return found ? `${found[1].replace('Version', 'Safari').replace('Edg', 'Edge')} ${found[2]}` : 'a browser';
}
