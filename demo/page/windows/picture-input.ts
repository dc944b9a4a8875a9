import { arrows } from '../ui/arrow-keys.js';

const KEY_STEP = 6;

export interface PictureEvents {
  /** The pointer is here, in CSS pixels from the picture's corner. */
  onPoint(x: number, y: number): void;
  /** By arrow keys, in pixels of the image. */
  onMove(x: number, y: number): void;
  onChoose(): void;
}

/** Lets the picture be explored by pointer and by keyboard. */
export function listenToPicture(picture: HTMLElement, { onPoint, onMove, onChoose }: PictureEvents): void {
  picture.tabIndex = 0;
  picture.role = 'application';
  picture.setAttribute(
    'aria-label',
    'The picture. Arrow keys move from place to place, Enter finds what looks like the window there.',
  );
  const point = ({ clientX, clientY }: MouseEvent) => {
    const { left, top } = picture.getBoundingClientRect();
    onPoint(clientX - left, clientY - top);
  };
  picture.addEventListener('pointermove', point);
  picture.addEventListener('click', (event) => {
    // A finger has not moved there before.
    point(event);
    onChoose();
  });
  picture.addEventListener('keydown', (event) => {
    const arrow = arrows[event.key];
    if (arrow) onMove(KEY_STEP * arrow[0], KEY_STEP * arrow[1]);
    else if (event.key === 'Enter') onChoose();
    else return;
    event.preventDefault();
  });
}
