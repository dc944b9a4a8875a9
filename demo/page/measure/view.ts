/** The benchmark in the visitor's browser. */
import { proxy, wrap } from 'comlink';
import { type Event, type Operation, spreadOf, sweep } from '../../../test/bench/core/index.js';
import { runningActivities } from '../ui/activity.js';
import { ask } from '../ui/ask.js';
import { element, make, makeReachable, messageOf, showProblem } from '../ui/dom.js';
import { type DownloadProgress, megabytes } from '../ui/download.js';
import { saveFile } from '../ui/save-file.js';
import { onThemeChange } from '../ui/theme.js';
import type { View } from '../ui/view.js';
import { failureOf } from '../ui/worker.js';
import { type Bench, type BenchRequest, engineNames } from './bench.js';
import { hostOf, plotAsPng, titleOf } from './picture-file.js';
import { BOUND, decodeReport, encodeReport, type Report } from './report.js';
import { fillTable } from './table.js';
import { ThroughputPlot } from './throughput-plot.js';
import html from './view.html?raw';
import './measure.css';

export const title = 'Measure';

const QUICK = { sizes: [7, 13, 28, 56], rounds: 9 };
const FULL_ROUNDS = 25;
const LEVELS = [4, 2, 1];

export function mount(root: HTMLElement): View {
  root.innerHTML = html;
  return new MeasureView(root);
}

class MeasureView implements View {
  readonly #root: HTMLElement;
  readonly #plot: ThroughputPlot;
  #cancel: () => void = () => {};
  #report: Report | undefined;
  /** What else was computing during the measurement. */
  readonly #disturbances = new Set<string>();
  /** The last result that came by a link. */
  #word = '';

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#plot = new ThroughputPlot(element(root, '#throughput'));
    this.#fillEngines();
    makeReachable(element(root, '.scroll-x'), 'All numbers');
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
    if (word && word !== this.#word) void this.#attempt(() => this.#open(word));
    this.#plot.remake();
  }

  /** A measurement continues while another view is shown. */
  hidden(): void {
    this.#disturbances.add('Another view');
  }

  async #open(word: string): Promise<void> {
    const report = await decodeReport(word);
    this.#word = word;
    this.#show(report);
    element(this.#root, '#shared').textContent =
      'This result came with the link; measure to see one of this browser.';
  }

  #fillEngines(): void {
    const choices = engineNames(navigator.hardwareConcurrency).map(({ name, isPeer }) => {
      const disabled = name.startsWith('simd-threads') && !crossOriginIsolated;
      const input = make('input', { type: 'checkbox', value: name, checked: !isPeer && !disabled, disabled });
      return make('label', { className: 'choice' }, input, name);
    });
    element(this.#root, '#engines').replaceChildren(...choices);
    const alone = crossOriginIsolated
      ? ''
      : 'This page is not cross-origin isolated, so there are no threads: everything runs single-threaded. ';
    element(this.#root, '#engines-note').textContent =
      `${alone}onnxruntime-web (14 MB) and tfjs are loaded if you choose them. They take part in forward only, ` +
      'on one thread: compare them with simd.';
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

  get #request(): BenchRequest {
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
    if (!(await hasQuiet())) return;
    const request = this.#request;
    this.#disturbances.clear();
    this.#setRunning(true);
    this.#say('Measuring.');
    // The address may name the result of a link, which a new measurement replaces.
    history.replaceState(null, '', '#/measure');
    element(this.#root, '#shared').textContent = '';
    const worker = new Worker(new URL('./measure.worker.ts', import.meta.url), { type: 'module' });
    const cancelled = new Promise<'cancelled'>((resolve) => {
      this.#cancel = () => resolve('cancelled');
    });
    const bench = wrap<Bench>(worker);
    const medians = new Map<string, number>();
    const onEvent = (event: Event) => {
      for (const { name } of runningActivities()) this.#disturbances.add(name);
      this.#take(event, request, medians);
    };
    const onLoading = (what: string, progress?: DownloadProgress) =>
      this.#showNow(progress ? `${what}: ${megabytes(progress)}` : what);
    let outcome = 'It broke off.';
    try {
      const measuring = bench.measure(request, proxy(onEvent), proxy(onLoading));
      const end = await Promise.race([measuring, failureOf(worker), cancelled]);
      outcome = end === 'cancelled' ? 'Cancelled. What was measured before is shown.' : 'Measured.';
    } finally {
      // A worker of its own for each measurement: it starts from the same state, leaves no memory behind, and can be
      // stopped whatever it is at, loading included.
      worker.terminate();
      this.#setRunning(false);
      this.#say(outcome + this.#disturbance);
    }
  }

  get #disturbance(): string {
    if (this.#disturbances.size === 0) return '';
    const names = [...this.#disturbances].join(' and ');
    return ` ${names} took part of the processor meanwhile, so everything may look slower than it is.`;
  }

  #take(event: Event, request: BenchRequest, medians: Map<string, number>): void {
    if (event.kind === 'progress') {
      element<HTMLProgressElement>(this.#root, '#measure-progress').value = event.done / event.total;
      this.#showNow(event.now);
      return;
    }
    const { case: name, engine, samples } = event.result;
    medians.set(`${name} ${engine}`, Number(spreadOf(samples).median.toPrecision(4)));
    this.#show(reportOf(request, medians, [...this.#disturbances]));
  }

  #setRunning(running: boolean): void {
    const run = element<HTMLButtonElement>(this.#root, '#run');
    const cancel = element<HTMLButtonElement>(this.#root, '#cancel');
    const hadFocus = [run, cancel].includes(document.activeElement as HTMLButtonElement);
    [run.disabled, cancel.disabled] = [running, !running];
    if (hadFocus) (running ? cancel : run).focus();
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
    if (this.#report) saveFile(await plotAsPng(this.#report), 'pyramid-pool-bench.png');
  }

  /** The address of the page becomes the link, so that it can be copied from there as well. */
  async #copyLink(): Promise<void> {
    if (!this.#report) return;
    this.#word = await encodeReport(this.#report);
    history.replaceState(null, '', `#/measure?result=${this.#word}`);
    const shared = element(this.#root, '#shared');
    try {
      await navigator.clipboard.writeText(location.href);
      shared.textContent = 'The link is in the clipboard, and is the address of this page now.';
    } catch {
      shared.textContent = 'The link is the address of this page now: copy it from there.';
    }
  }
}

/** Whether nothing else is computing, or the visitor wants to measure anyway. */
async function hasQuiet(): Promise<boolean> {
  const going = runningActivities();
  if (going.length === 0) return true;
  const answer = await ask(
    `${going.map(({ name }) => name).join(' and ')} goes on in another view`,
    'It takes part of the processor, so everything would look slower than it is. Once paused, it can go on afterwards.',
    { pause: 'Pause it and measure', anyway: 'Measure all the same', no: 'Cancel' },
  );
  if (answer === 'pause') await Promise.all(going.map((activity) => activity.pause()));
  return answer === 'pause' || answer === 'anyway';
}

function reportOf(
  { operation, channels, sizes, engines }: BenchRequest,
  medians: ReadonlyMap<string, number>,
  disturbedBy: readonly string[],
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
      ...(disturbedBy.length > 0 && { disturbedBy }),
    },
  };
}

/** The name and version of the browser in the user agent. */
function browserName(): string {
  const found = /(Firefox|Edg|OPR|Chrome|Version)\/(\d+)/.exec(navigator.userAgent);
  return found ? `${found[1].replace('Version', 'Safari').replace('Edg', 'Edge')} ${found[2]}` : 'a browser';
}
