/** Long computations of the views: a measurement shows which ones disturb it. */
export interface Activity {
  /** As a sentence begins: “Training”. */
  readonly name: string;
  /** Resolves when it has paused. */
  pause(): Promise<void>;
}

const activities = new Set<Activity>();

export function setActivityRunning(activity: Activity, isRunning: boolean): void {
  if (isRunning) activities.add(activity);
  else activities.delete(activity);
}

export function runningActivities(): readonly Activity[] {
  return [...activities];
}
