import { proxy } from 'comlink';
import { type Activity, setActivityRunning } from '../ui/activity.js';
import { announce, element } from '../ui/dom.js';
import { Loading } from '../ui/loading.js';
import type { LearningNews } from './detector-desk.js';
import type { RemoteDetector } from './load-detector.js';

/** The button that trains the detector further, and the one that brings back the weights of the page. */
export class LearnControl {
  readonly #root: HTMLElement;
  readonly #onChange: () => Promise<void>;
  readonly #activity: Activity = { name: 'Training', pause: async () => this.stop() };
  #running: RemoteDetector | undefined;

  /** `onChange` is called when the detector is another one. */
  constructor(root: HTMLElement, onChange: () => Promise<void>) {
    this.#root = root;
    this.#onChange = onChange;
  }

  async toggle(detector: RemoteDetector): Promise<void> {
    if (this.#running) return this.stop();
    this.#setRunning(detector);
    const loading = new Loading('Starting …');
    element(this.#root, '#learn-loading').replaceChildren(loading.element);
    try {
      await detector.learn(
        proxy((...news) => loading.update(...news)),
        proxy((news: LearningNews) => {
          loading.element.remove();
          this.#show(news);
        }),
      );
      element<HTMLButtonElement>(this.#root, '#unlearn').disabled = false;
      await this.#onChange();
    } finally {
      loading.element.remove();
      this.#setRunning(undefined);
    }
  }

  async forget(detector: RemoteDetector): Promise<void> {
    this.stop();
    await detector.forget();
    element<HTMLButtonElement>(this.#root, '#unlearn').disabled = true;
    announce(element(this.#root, '#learn-text'), 'These are the weights that came with the page.');
    // The button cannot have the focus any more.
    element(this.#root, '#learn').focus({ preventScroll: true });
    await this.#onChange();
  }

  stop(): void {
    void this.#running?.stopLearning();
  }

  #show({ progress: { step, steps, loss, seconds }, precision }: LearningNews): void {
    element<HTMLProgressElement>(this.#root, '#learn-progress').value = step / steps;
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    const judged = precision
      ? ` On 8 new scenes of held-out digits: mean average precision ${percent(precision.after)}, before ${percent(precision.before)}.`
      : '';
    const text = `Scene ${step} of ${steps}: loss ${loss.toFixed(2)}, ${seconds.toFixed(0)} s of learning.${judged}`;
    element(this.#root, '#learn-text').ariaLive = precision ? 'polite' : 'off';
    element(this.#root, '#learn-text').textContent = text;
  }

  #setRunning(running: RemoteDetector | undefined): void {
    this.#running = running;
    setActivityRunning(this.#activity, running !== undefined);
    element(this.#root, '#learn').textContent = running ? 'Stop training' : 'Train it further';
    element(this.#root, '#learn-progress').hidden = !running;
  }
}
