/**
 * The camera, which the visitor must allow. Throws a message for the visitor where the page cannot have it.
 *
 * @param width of its pictures, in pixels, if it can; that of the browser's choice without it
 */
export async function openCamera(width?: number): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new Error('this browser gives cameras to secure pages (https) only.');
  const size = width === undefined ? {} : { width: { ideal: width } };
  return navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', ...size } });
}

export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
