/** Colours for canvases: the page's own, and a scale for values. */

/** A custom property of the page as a colour for canvases, in the current theme. */
export function pageColour(name: string): string {
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

const probe = document.createElement('span');
probe.hidden = true;
document.body.append(probe);

const LEVEL_COLOURS = 6;

/** The name of a level's colour, by the place of the level in the list. */
export function levelColour(place: number): string {
  return `level-${place % LEVEL_COLOURS}`;
}

/** From dark blue over green to pale yellow; lightness grows evenly, so it reads without colour as well. */
const STOPS = [
  [24, 20, 60],
  [45, 47, 120],
  [38, 90, 146],
  [28, 132, 140],
  [54, 174, 116],
  [150, 209, 79],
  [250, 233, 120],
] as const;

const SCALE = Uint8ClampedArray.from({ length: 256 * 4 }, (_, i) => {
  const channel = i % 4;
  if (channel === 3) return 255;
  const place = (Math.floor(i / 4) / 255) * (STOPS.length - 1);
  const below = Math.min(STOPS.length - 2, Math.floor(place));
  const share = place - below;
  return STOPS[below][channel] * (1 - share) + STOPS[below + 1][channel] * share;
});

/** Writes the colour of a value from 0 to 1 as four bytes. */
export function writeShade(pixels: Uint8ClampedArray, at: number, value: number): void {
  // Most activations are small: the square root makes them distinguishable.
  const place = Math.round(255 * Math.sqrt(Math.min(1, Math.max(0, value)))) * 4;
  for (let channel = 0; channel < 4; channel++) pixels[at + channel] = SCALE[place + channel];
}
