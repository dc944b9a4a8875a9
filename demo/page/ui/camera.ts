/** The camera, for which the browser asks the visitor. Throws a sentence where pages may not have one. */
export async function openCamera(): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new Error('this browser gives cameras to secure pages (https) only.');
  return navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
}

export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
