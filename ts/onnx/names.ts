/** The names most like one that does not exist: for error messages. */
export function nearest(name: string, names: Iterable<string>, most = 3): string[] {
  const distances = [...names].slice(0, MOST_NAMES).map((it) => [distance(name, it), it] as const);
  const limit = Math.max(2, Math.ceil(name.length / 2));
  return distances
    .filter(([far]) => far <= limit)
    .sort(([a], [b]) => a - b)
    .slice(0, most)
    .map(([, it]) => it);
}

/** Enough for any network; a message is not worth more time. */
const MOST_NAMES = 20_000;
const LONGEST = 64;

/** How many letters must be changed, added or left out; names that hold one another are near. */
function distance(from: string, to: string): number {
  const [a, b] = [from.toLowerCase().slice(0, LONGEST), to.toLowerCase().slice(0, LONGEST)];
  if (a !== '' && (b.includes(a) || a.includes(b))) return 1;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j - 1]! + same, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
