/** Cuts a graph at its pools, into parts that run one after the other. */
import type { Pool } from './domain.js';
import { type Graph, type Node, readBy } from './model.js';
import { describeValues, readValueInfo } from './value-info.js';
import { damaged } from './wire.js';

/** Pools of one value that are computed together, in one pass over the map. */
export interface Pyramid {
  readonly input: string;
  readonly pools: readonly Pool[];
}

/** Nodes that run in one session, and the values that go in and out. */
export interface Part {
  readonly nodes: readonly Node[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A part, if there is anything to do, and the pyramids over what is known after it. */
export interface Stage {
  readonly part: Part | undefined;
  readonly pyramids: readonly Pyramid[];
}

/** The stages of a graph; or, where it cannot be cut, why. */
export type Cut = { readonly stages: readonly Stage[] } | { readonly why: string };

/** Nodes that give something else each time. They run once, while what is constant may be computed in several parts. */
const random = /^(Random|Multinomial|Bernoulli|Dropout)/;

/** Nodes that make lists of tensors, or values that may be missing: sessions give out tensors alone. */
const noTensor = /^(Sequence(Construct|Empty|Insert|Erase|Map)|SplitToSequence|Optional)$/;

/** Cuts a graph at those of its nodes that `poolOf` says are to be pooled by kernels. */
export function cutGraph(graph: Graph, poolOf: (node: Node) => Pool | undefined): Cut {
  return new Cutter(graph, poolOf).cut();
}

class Cutter {
  readonly #nodes: readonly Node[];
  readonly #makers = new Map<string, Node>();
  readonly #stored: ReadonlySet<string>;
  readonly #constants = new Set<string>();
  readonly #constantNodes = new Set<Node>();
  /** The stage of each node that is not constant. */
  readonly #stages = new Map<Node, number>();
  readonly #pools = new Map<Node, Pool>();
  readonly #inputs: ReadonlySet<string>;

  constructor(
    readonly graph: Graph,
    poolOf: (node: Node) => Pool | undefined,
  ) {
    this.#inputs = new Set(graph.inputs.map(({ name }) => name));
    const stored = [...graph.initializers, ...graph.sparseInitializers].map(({ name }) => name);
    this.#stored = new Set(stored);
    for (const name of stored) if (!this.#inputs.has(name)) this.#constants.add(name);
    for (const node of graph.nodes) for (const name of node.outputs) if (name) this.#makers.set(name, node);
    this.#nodes = this.#sort();
    for (const node of this.#nodes) this.#place(node, poolOf(node));
  }

  /** The nodes that the outputs depend on, each after those that it depends on. */
  #sort(): Node[] {
    const sorted: Node[] = [];
    const done = new Set<Node>();
    const open = new Set<Node>();
    // A stack of our own: graphs are deeper than calls may go.
    const stack: { node: Node; left: string[] }[] = [];
    const enter = (name: string) => {
      const node = this.#makers.get(name);
      if (!node) {
        if (!this.#inputs.has(name) && !this.#stored.has(name)) damaged(`no node makes the value '${name}'`);
        return;
      }
      if (done.has(node)) return;
      if (open.has(node)) damaged(`the value '${name}' depends on itself`);
      open.add(node);
      stack.push({ node, left: [...readBy(node)].reverse() });
    };
    for (const { name } of this.graph.outputs) {
      enter(name);
      for (let top = stack.at(-1); top; top = stack.at(-1)) {
        const next = top.left.pop();
        if (next !== undefined) {
          enter(next);
          continue;
        }
        stack.pop();
        done.add(top.node);
        sorted.push(top.node);
      }
    }
    // In the file's order, where it has one: sessions then do what they would have done.
    const order = new Map(this.graph.nodes.map((node, i) => [node, i]));
    const inFilesOrder = [...sorted].sort((a, b) => order.get(a)! - order.get(b)!);
    return this.#isSorted(inFilesOrder) ? inFilesOrder : sorted;
  }

  #isSorted(nodes: readonly Node[]): boolean {
    const made = new Set<string>();
    return nodes.every((node) => {
      const isReady = [...readBy(node)].every((name) => !this.#makers.has(name) || made.has(name));
      for (const name of node.outputs) made.add(name);
      return isReady;
    });
  }

  /** Works out in which stage a node runs: as early as it can. */
  #place(node: Node, pool: Pool | undefined): void {
    const inputs = [...readBy(node)];
    const isConstant = inputs.every((name) => this.#constants.has(name)) && !random.test(node.operator);
    if (isConstant) {
      for (const name of node.outputs) this.#constants.add(name);
      this.#constantNodes.add(node);
      return;
    }
    if (pool) this.#pools.set(node, pool);
    this.#stages.set(node, Math.max(0, ...inputs.map((name) => this.#knownAt(name))));
  }

  /** The stage in which a value is known: what a pool makes is known one later. */
  #knownAt(name: string): number {
    const maker = this.#makers.get(name);
    if (!maker || this.#constantNodes.has(maker)) return 0;
    return this.#stages.get(maker)! + (this.#pools.has(maker) ? 1 : 0);
  }

  cut(): Cut {
    const stages: Stage[] = [];
    const last = Math.max(0, ...this.graph.outputs.map(({ name }) => this.#knownAt(name)));
    for (let stage = 0; stage <= last; stage++) {
      stages.push({ part: this.#part(stage), pyramids: this.#pyramids(stage) });
    }
    const described = describeValues(this.graph);
    for (const { part } of stages) {
      const odd = part?.outputs.find((name) => !this.#isTensor(name, described.get(name)));
      if (odd !== undefined && last > 0)
        return { why: `the value '${odd}', which is no tensor, is needed on both sides` };
    }
    return { stages };
  }

  #isTensor(name: string, described: { name: string; bytes: Uint8Array } | undefined): boolean {
    if (described && !readValueInfo(described).isTensor) return false;
    return !noTensor.test(this.#makers.get(name)?.operator ?? '');
  }

  #pyramids(stage: number): Pyramid[] {
    const groups = new Map<string, Pool[]>();
    for (const [node, pool] of this.#pools) {
      if (this.#stages.get(node) !== stage) continue;
      // One number is for one axis or for two, as the map's rank says: not to be mixed with pairs.
      const key = `${pool.reduction} ${pool.outputOrder} ${pool.levels[0]?.length} ${pool.input}`;
      groups.set(key, [...(groups.get(key) ?? []), pool]);
    }
    return [...groups.values()].map((pools) => ({ input: pools[0]!.input, pools }));
  }

  #part(stage: number): Part | undefined {
    const isHere = (node: Node) => this.#stages.get(node) === stage && !this.#pools.has(node);
    const own = this.#nodes.filter(isHere);
    const made = new Set(own.flatMap(({ outputs }) => outputs));
    const finals = this.graph.outputs.map(({ name }) => name);
    const wanted = new Set(finals);
    for (const [node, at] of this.#stages) {
      if (at > stage || (at === stage && this.#pools.has(node))) {
        for (const name of readBy(node)) wanted.add(name);
      }
    }
    const outputs = [...made].filter((name) => wanted.has(name));
    // What depends on no input is known from the beginning.
    if (stage === 0) outputs.push(...finals.filter((name) => this.#constants.has(name)));
    if (outputs.length === 0) return undefined;
    const constants = this.#constantsFor([...own.flatMap((node) => [...readBy(node)]), ...outputs]);
    const nodes = this.#nodes.filter((node) => isHere(node) || constants.has(node));
    const read = new Set(own.flatMap((node) => [...readBy(node)]));
    const inputs = [...read].filter((name) => !made.has(name) && !this.#constants.has(name));
    return { nodes, inputs, outputs };
  }

  /** The constant nodes that make some values, and those that they depend on. */
  #constantsFor(names: string[]): Set<Node> {
    const found = new Set<Node>();
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const maker = this.#makers.get(name);
      if (!maker || !this.#constantNodes.has(maker) || found.has(maker)) continue;
      found.add(maker);
      names.push(...readBy(maker));
    }
    return found;
  }
}
