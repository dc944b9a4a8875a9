/** Long computations of the views: a measurement shows which ones disturb it. */
export interface Activity {
  /** As a sentence begins: “Training”. */
  readonly name: string;
  /** Resolves when it has paused. */
  pause(): Promise<void>;
}

const activities = new Set<Activity>();

export function setGoing(activity: Activity, isGoing: boolean): void {
  if (isGoing) activities.add(activity);
  else activities.delete(activity);
}

export function goingOn(): readonly Activity[] {
  return [...activities];
}
