/** The camera, which the visitor must allow. Throws a message for the visitor where the page cannot have it. */
export async function openCamera(): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new Error('this browser gives cameras to secure pages (https) only.');
  return navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
}

export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
