import { make } from './dom.js';

let asked = 0;

/**
 * Asks the visitor. The first answer has the focus, so it should be the harmless one. Resolves to nothing if the visitor presses
 * Escape.
 */
export function ask<T extends string>(
  question: string,
  explanation: string,
  answers: Readonly<Record<T, string>>,
): Promise<T | undefined> {
  const id = `question-${++asked}`;
  const buttons = Object.entries<string>(answers).map(([value, text], i) =>
    make('button', { type: 'submit', value, className: i === 0 ? 'primary' : '' }, text),
  );
  const dialog = make(
    'dialog',
    { role: 'alertdialog' },
    make(
      'form',
      { method: 'dialog', className: 'card-body' },
      make('h2', { id }, question),
      make('p', { id: `${id}-text` }, explanation),
      make('div', { className: 'row tight' }, ...buttons),
    ),
  );
  dialog.setAttribute('aria-labelledby', id);
  dialog.setAttribute('aria-describedby', `${id}-text`);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve((dialog.returnValue as T) || undefined);
    });
  });
}
