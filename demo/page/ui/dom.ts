/** The element that a selector finds; a page without it is broken. */
export function element<T extends Element = HTMLElement>(root: ParentNode, selector: string): T {
  const found = root.querySelector<T>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

/** A new element with properties and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<Omit<HTMLElementTagNameMap[K], 'style'>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const created = Object.assign(document.createElement(tag), properties);
  created.append(...children);
  return created;
}

/** A row of radio buttons that look like buttons, with one of them chosen. */
export function fillChoices<T extends string | number>(
  fieldset: HTMLElement,
  name: string,
  options: readonly { value: T; label: string; colour?: string }[],
  chosen: T,
  onChoose: (value: T) => void,
): void {
  const choices = options.map(({ value, label, colour }) => {
    const input = make('input', { type: 'radio', name, value: String(value), checked: value === chosen });
    input.addEventListener('change', () => onChoose(value));
    const choice = make('label', { className: 'choice' }, input);
    if (colour) {
      const swatch = make('span', { className: 'swatch' });
      swatch.style.setProperty('--swatch', colour);
      choice.append(swatch);
    }
    choice.append(label);
    return choice;
  });
  replaceChoices(fieldset, choices);
}

/** Replaces the radio buttons; if one of them had the focus, the chosen one gets it. */
export function replaceChoices(group: HTMLElement, choices: readonly HTMLElement[]): void {
  const hadFocus = group.contains(document.activeElement);
  group.replaceChildren(...choices);
  if (hadFocus) group.querySelector<HTMLInputElement>(':checked')?.focus();
}

/** At most one call a frame, the last one. */
export function oncePerFrame(work: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

/** Makes an area that scrolls within the page reachable by keyboard. */
export function makeReachable(scrolling: HTMLElement, name: string): void {
  scrolling.tabIndex = 0;
  scrolling.role = 'group';
  scrolling.ariaLabel = name;
}

export const prefersReducedMotion = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Writes a text that screen readers announce whenever it is written: only when it changes. */
export function announce(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text;
}

/** Shows a message in an element that is hidden while there is none. */
export function showProblem(place: HTMLElement, problem: string | undefined): void {
  place.hidden = problem === undefined;
  place.textContent = problem ?? '';
}
