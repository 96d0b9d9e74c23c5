import { readFileSync } from 'node:fs';
import type { HeapProfiler, Profiler } from 'node:inspector';

/** A function in a profile, with what it and the functions that it called used. */
interface Frame {
  readonly name: string;
  total: number;
  self: number;
  readonly callees: Map<string, Frame>;
}

const frameOf = (name: string): Frame => ({ name, total: 0, self: 0, callees: new Map() });

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const place = url.replace(/^.*\/node_modules\//, '').replace(/^file:\/\/.*?\/(?=src\/)/, '');
  return place === '' ? functionName : `${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`;
}

function calleeOf(frame: Frame, name: string): Frame {
  const known = frame.callees.get(name);
  if (known !== undefined) return known;
  const callee = frameOf(name);
  frame.callees.set(name, callee);
  return callee;
}

function sum(frame: Frame): number {
  frame.total = frame.self;
  for (const callee of frame.callees.values()) frame.total += sum(callee);
  return frame.total;
}

/** No work, or the start of the profile itself. */
const isNoise = ({ functionName, url }: CallFrame): boolean =>
  functionName === '(idle)' || url.endsWith('profile-probe.ts');

/** From a profile of `Profiler.stop`. The unit is a microsecond. */
function fromCpuProfile({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Frame {
  const micros = new Map<number, number>();
  for (const [index, id] of samples.entries())
    micros.set(id, (micros.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const root = frameOf('all');
  const add = (node: Profiler.ProfileNode, frame: Frame): void => {
    frame.self += micros.get(node.id) ?? 0;
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child === undefined || isNoise(child.callFrame)) continue;
      add(child, calleeOf(frame, nameOf(child.callFrame)));
    }
  };
  const [first] = nodes;
  if (first !== undefined) add(first, root);
  sum(root);
  return root;
}

/** From a profile of `HeapProfiler.stopSampling`. The unit is a byte. */
function fromHeapProfile({ head }: HeapProfiler.SamplingHeapProfile): Frame {
  const root = frameOf('all');
  const add = (node: HeapProfiler.SamplingHeapProfileNode, frame: Frame): void => {
    frame.self += node.selfSize;
    for (const child of node.children) add(child, calleeOf(frame, nameOf(child.callFrame)));
  };
  add(head, root);
  sum(root);
  return root;
}

const WIDTH = 1600;
const ROW = 16;
const MAX_DEPTH = 120;
const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

function hue(name: string): number {
  if (!name.includes('src/')) return name.includes(':') && !name.includes('node:') ? 40 : 0;
  return 200;
}

/** Callers above, the functions that they call below: blue for the gateway, yellow for packages, red for Node and V8. */
function flameGraph(title: string, root: Frame): string {
  const boxes: string[] = [];
  let depth = 0;
  const draw = (frame: Frame, x: number, level: number): void => {
    const width = (frame.total / root.total) * WIDTH;
    if (width < 0.5 || level > MAX_DEPTH) return;
    depth = Math.max(depth, level);
    const share = `${((100 * frame.total) / root.total).toFixed(2)} %`;
    const own = `${((100 * frame.self) / root.total).toFixed(2)} % itself`;
    const y = (level + 1) * ROW + 8;
    const text = escape(frame.name.slice(0, Math.max(0, Math.floor(width / 6.2))));
    boxes.push(
      `<g><title>${escape(frame.name)}: ${share}, ${own}</title>` +
        `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="hsl(${hue(frame.name)} 80% 75%)"/>` +
        (text.length > 2 ? `<text x="${(x + 2).toFixed(1)}" y="${y + 11}">${text}</text>` : '') +
        '</g>',
    );
    let left = x;
    for (const callee of [...frame.callees.values()].toSorted((a, b) => b.total - a.total)) {
      draw(callee, left, level + 1);
      left += (callee.total / root.total) * WIDTH;
    }
  };
  draw(root, 0, 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${(depth + 3) * ROW}" font-family="monospace" font-size="10">`,
    '<rect width="100%" height="100%" fill="white"/>',
    `<text x="4" y="14" font-size="12">${escape(title)}</text>`,
    ...boxes,
    '</svg>',
    '',
  ].join('\n');
}

/** The file is written by `profile-probe.ts`. */
export function flameGraphOf(title: string, file: string): string {
  const profile: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const root = file.endsWith('.cpuprofile')
    ? fromCpuProfile(profile as Profiler.Profile)
    : fromHeapProfile(profile as HeapProfiler.SamplingHeapProfile);
  return flameGraph(title, root);
}
