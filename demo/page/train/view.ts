/** The training of `npm start`, on the page. */
import { proxy, type Remote, wrap } from 'comlink';
import { type Activity, setActivityRunning } from '../ui/activity.js';
import { ask } from '../ui/ask.js';
import { element, make, makeReachable, messageOf, oncePerFrame, showProblem } from '../ui/dom.js';
import type { DownloadProgress } from '../ui/download.js';
import { Loading } from '../ui/loading.js';
import { saveFile } from '../ui/save-file.js';
import { onThemeChange } from '../ui/theme.js';
import type { View } from '../ui/view.js';
import { failureOf } from '../ui/worker.js';
import { Curves } from './curves.js';
import { DigitStream } from './digit-stream.js';
import type { FixedHeadUpdate } from './fixed-head-trainer.js';
import { readModelFile, writeModelFile } from './model-file.js';
import { Recogniser } from './recogniser.js';
import type { TestResult, TrainingSession, TrainingUpdate } from './training-session.js';
import html from './view.html?raw';
import './train.css';

export const title = 'Train';

export function mount(root: HTMLElement): View {
  root.innerHTML = html;
  new TrainView(root);
  // Training continues while another view is shown.
  return {};
}

type State = 'fresh' | 'running' | 'paused' | 'testing' | 'done';

class TrainView {
  readonly #root: HTMLElement;
  readonly #curves: Curves;
  readonly #stream: DigitStream;
  readonly #recogniser: Recogniser;
  readonly #go: HTMLButtonElement;
  readonly #step: HTMLButtonElement;
  readonly #reset: HTMLButtonElement;
  readonly #epochs: HTMLSelectElement;
  readonly #rate: HTMLInputElement;
  readonly #spp: HTMLInputElement;
  #session: Promise<Remote<TrainingSession>> | undefined;
  #state: State = 'fresh';
  #testing: Promise<void> | undefined;
  /** Whether the network was trained, so that starting over would lose something. */
  #trained = false;
  /** What the training was started with. */
  #chosen: { epochs: string; spp: boolean };
  #seed = 1;
  readonly #activity: Activity = { name: 'Training', pause: () => this.#pause() };

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#curves = new Curves(root);
    this.#stream = new DigitStream(element(root, '#stream'));
    this.#recogniser = new Recogniser(
      root,
      () => this.#open(),
      (error) => this.#fail(error),
    );
    this.#go = element(root, '#go');
    this.#step = element(root, '#step');
    this.#reset = element(root, '#reset');
    this.#epochs = element(root, '#epochs');
    this.#rate = element(root, '#rate');
    this.#spp = element(root, '#spp');
    this.#chosen = this.#choice;
    this.#listen();
    makeReachable(element(root, '.scroll-x'), 'Recognised at each size');
    this.#showRate();
  }

  #listen(): void {
    const on = (target: HTMLElement, event: string, work: () => Promise<void>) =>
      target.addEventListener(event, () => void this.#attempt(work));
    on(this.#go, 'click', () => this.#startOrPause());
    on(this.#step, 'click', () => this.#stepOnce());
    on(this.#reset, 'click', () => {
      // A reset disables this button, which would lose the focus.
      this.#go.focus();
      return this.#startOver();
    });
    on(this.#epochs, 'change', () => this.#chooseAnew());
    on(this.#spp, 'change', () => this.#chooseAnew());
    on(this.#rate, 'input', async () => {
      this.#showRate();
      if (this.#session) await (await this.#session).setLearningRate(this.#learningRate);
    });
    on(element(this.#root, '#save'), 'click', () => this.#save());
    const file = element<HTMLInputElement>(this.#root, '#load');
    on(file, 'change', () => this.#load(file));
    onThemeChange(() => {
      this.#curves.remake();
      this.#stream.redraw();
    });
    addEventListener(
      'resize',
      oncePerFrame(() => this.#stream.redraw()),
    );
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    showProblem(element(this.#root, '#problem'), undefined);
    await work().catch((error: unknown) => this.#fail(error));
  }

  /** Shows an error on the page, and pauses what was running, so that it can be tried again. */
  #fail(error: unknown): void {
    showProblem(element(this.#root, '#problem'), messageOf(error));
    if (this.#state === 'running' || this.#state === 'testing') this.#setState('paused');
  }

  #open(): Promise<Remote<TrainingSession>> {
    this.#session ??= this.#makeSession();
    return this.#session;
  }

  async #makeSession(): Promise<Remote<TrainingSession>> {
    const loading = new Loading('Starting a worker …');
    element(this.#root, '#loading').replaceChildren(loading.element);
    const worker = new Worker(new URL('./train.worker.ts', import.meta.url), { type: 'module' });
    const session = wrap<TrainingSession>(worker);
    const onLoading = (what: string, progress?: DownloadProgress) => loading.update(what, progress);
    try {
      const { training, heldOut } = await Promise.race([session.open(proxy(onLoading)), failureOf(worker)]);
      await session.reset(this.#settings);
      element(this.#root, '#progress-text').textContent =
        `${training.toLocaleString('en-US')} digits to learn from, ${heldOut.toLocaleString('en-US')} held out.`;
      return session;
    } catch (error) {
      worker.terminate();
      this.#session = undefined;
      throw error;
    } finally {
      loading.element.remove();
    }
  }

  get #settings() {
    return { epochs: Number(this.#epochs.value), learningRate: this.#learningRate, seed: this.#seed };
  }

  get #choice() {
    return { epochs: this.#epochs.value, spp: this.#spp.checked };
  }

  get #learningRate(): number {
    return 10 ** Number(this.#rate.value);
  }

  #showRate(): void {
    const text = this.#learningRate.toPrecision(2);
    element(this.#root, '#rate-text').textContent = text;
    this.#rate.setAttribute('aria-valuetext', text);
  }

  async #startOrPause(): Promise<void> {
    if (this.#state === 'testing') return;
    if (this.#state === 'running') return this.#pause();
    if (this.#state === 'done') await this.#startOver();
    this.#setState('running');
    const session = await this.#open();
    if (!this.#spp.checked) return this.#refuse(session);
    const done = await session.run(proxy((update: TrainingUpdate) => this.#showTraining(update)));
    if (!done) return;
    this.#testing = this.#test(session);
    await this.#testing;
  }

  async #pause(): Promise<void> {
    if (this.#state === 'running') {
      await (await this.#open()).pause();
      this.#setState('paused');
    }
    await this.#tested();
  }

  /** A test is not interrupted. */
  async #tested(): Promise<void> {
    await this.#testing?.catch(() => {});
  }

  async #stepOnce(): Promise<void> {
    const session = await this.#open();
    this.#setState('paused');
    this.#showTraining(await session.step());
  }

  /** Another choice starts over, after a question if something would be lost. */
  async #chooseAnew(): Promise<void> {
    if (this.#trained && !(await mayStartOver())) {
      this.#epochs.value = this.#chosen.epochs;
      this.#spp.checked = this.#chosen.spp;
      return;
    }
    await this.#startOver();
  }

  async #startOver(): Promise<void> {
    await this.#tested();
    const was = this.#state;
    this.#trained = false;
    this.#showFresh();
    this.#seed++;
    if (!this.#session) return;
    const session = await this.#session;
    if (was === 'running') await session.pause();
    await session.reset(this.#settings);
    this.#recogniser.refresh();
  }

  /** Clears what an earlier training left on the page. */
  #showFresh(): void {
    this.#chosen = this.#choice;
    this.#setState('fresh');
    this.#curves.clear();
    this.#stream.clear();
    element(this.#root, '#stream-text').textContent = this.#spp.checked
      ? 'Digits of all sizes appear here while the network is trained.'
      : 'Press Train to see which of the digits a fully connected layer can take without the pyramid.';
    element(this.#root, '#test').hidden = true;
    element(this.#root, '#refusal').hidden = true;
    element(this.#root, '#curves').hidden = !this.#spp.checked;
    element(this.#root, '.progress-line').hidden = !this.#spp.checked;
    element<HTMLProgressElement>(this.#root, '#progress').value = 0;
    element(this.#root, '#progress-text').textContent = 'Not started.';
    element(this.#root, '#model-text').textContent = '';
  }

  #setState(state: State): void {
    this.#state = state;
    const names: Record<State, string> = {
      fresh: 'Train',
      running: 'Pause',
      paused: 'Go on',
      testing: 'Testing …',
      done: 'Train anew',
    };
    this.#go.textContent = names[state];
    // It is not disabled, so that it keeps the focus.
    this.#go.ariaDisabled = String(state === 'testing');
    this.#step.disabled =
      state === 'running' || state === 'testing' || state === 'done' || !this.#spp.checked;
    this.#reset.disabled = (state === 'fresh' && !this.#trained) || state === 'testing';
    setActivityRunning(this.#activity, state === 'running' || state === 'testing');
  }

  #showTraining({ progress, digits }: TrainingUpdate): void {
    if (this.#state === 'fresh') return;
    this.#trained = true;
    const { images, totalImages, epoch, epochs, loss, accuracy, seconds } = progress;
    this.#curves.add(progress);
    this.#stream.add(digits);
    element(this.#root, '#stream-text').textContent =
      'Below each digit: what the network took it for, before it learnt from it.';
    element<HTMLProgressElement>(this.#root, '#progress').value = images / totalImages;
    const count = (value: number) => value.toLocaleString('en-US');
    element(this.#root, '#progress-text').textContent =
      `${count(images)} of ${count(totalImages)} images, round ${epoch} of ${epochs}: loss ${loss.toFixed(3)}, ` +
      `${(100 * accuracy).toFixed(1)} % recognised, ${seconds.toFixed(1)} s of learning.`;
    this.#recogniser.refresh();
  }

  async #test(session: Remote<TrainingSession>): Promise<void> {
    this.#setState('testing');
    const found: TestResult[] = [];
    const rows = element(this.#root, '#test tbody');
    rows.replaceChildren();
    element(this.#root, '#test').hidden = false;
    await session.test(
      proxy((result: TestResult) => {
        found.push(result);
        rows.append(testRow(result));
      }),
    );
    const unseen = accuracyOf(found.filter((result) => result.unseen));
    const ordinary = accuracyOf(found.filter((result) => !result.unseen));
    const text =
      `Recognised ${percent(ordinary)} as they were written, and ${percent(unseen)} at sizes that ` +
      'no image of the training had.';
    element(this.#root, '#test-text').textContent = text;
    element(this.#root, '#announcement').textContent = `Training is done. ${text}`;
    this.#setState('done');
  }

  async #refuse(session: Remote<TrainingSession>): Promise<void> {
    await session.runWithoutPyramid(proxy((update: FixedHeadUpdate) => this.#showRefusal(update)));
  }

  #showRefusal({ taken, refused, built, refusal, digits }: FixedHeadUpdate): void {
    if (this.#state === 'fresh') return;
    this.#stream.add(digits);
    const { width, height, values } = built;
    element(this.#root, '#stream-text').textContent =
      `Without the pyramid the fully connected layer was built for the first digit: ${width} × ${height} pixels, ` +
      `${values.toLocaleString('en-US')} values. Of ${taken + refused} digits it could take ${taken}. ` +
      'The others would have to be warped or cropped to that size first.';
    const place = element(this.#root, '#refusal');
    place.hidden = !refusal;
    if (refusal) {
      const [h, w] = refusal.second;
      place.textContent = `A digit of ${w} × ${h} pixels gives ${refusal.got.toLocaleString('en-US')} values. tfjs: ${refusal.message}`;
    }
  }

  async #save(): Promise<void> {
    saveFile(writeModelFile(await (await this.#open()).weights()), 'digits.model.json');
    element(this.#root, '#model-text').textContent = 'Saved as digits.model.json.';
  }

  async #load(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    const weights = await readModelFile(file);
    const session = await this.#open();
    await this.#tested();
    if (this.#state === 'running') await session.pause();
    await session.setWeights(weights);
    this.#trained = true;
    this.#showFresh();
    element(this.#root, '#model-text').textContent = `${file.name} is loaded: write a digit.`;
    this.#recogniser.refresh();
  }
}

async function mayStartOver(): Promise<boolean> {
  const answer = await ask(
    'Start over?',
    'Another choice starts the training over, and the network forgets what it has learnt. Save the model first if you want it back.',
    { keep: 'Keep it as it is', over: 'Start over' },
  );
  return answer === 'over';
}

function accuracyOf(results: readonly TestResult[]): number {
  const sum = (of: (each: TestResult) => number) => results.reduce((total, each) => total + of(each), 0);
  return sum(({ correct }) => correct) / sum(({ images }) => images);
}

/** Rounded down, so that 95 % is not shown for less. */
function percent(share: number): string {
  return `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;
}

function testRow({ scale, images, correct, sizes, unseen }: TestResult): HTMLElement {
  const name = unseen ? `× ${scale}, sizes never seen` : 'as written';
  const cells = [String(sizes), images.toLocaleString('en-US'), percent(correct / images)];
  const head = make('th', { scope: 'row' }, name);
  return make('tr', {}, head, ...cells.map((cell) => make('td', {}, cell)));
}
