// One side of the matrix: what stands along it, and where.

const SIZE = matchMedia("(pointer: coarse)").matches ? 34 : 28;
const GAP = 16;

/** The lines of one side that have cases, in order; stacks come last, after a gap. */
class Axis {
  constructor(lines) {
    this.lines = lines;
    this.gapAt = lines.findIndex((line) => line.kind === "stack");
    if (this.gapAt <= 0) this.gapAt = Infinity;
    this.index = new Map(lines.map((line, place) => [line.key, place]));
  }

  get length() { return this.lines.length; }

  /** Give the offset of line n in pixels. */
  offset(place) { return place * SIZE + (place >= this.gapAt ? GAP : 0); }

  /** Give the length of the side in pixels. */
  get extent() { return this.length ? this.offset(this.length - 1) + SIZE : 0; }

  /** Give the line at an offset, -1 for none. */
  find(offset) {
    let place = Math.floor(offset / SIZE);
    if (place >= this.gapAt) {
      place = Math.floor((offset - GAP) / SIZE);
      if (place < this.gapAt) return -1;
    }
    return place >= 0 && place < this.length ? place : -1;
  }

  /** Give the first and the last line + 1 that show between two offsets. */
  window(from, to) {
    const first = Math.floor((from - GAP) / SIZE) - 2;
    const last = Math.ceil(to / SIZE) + 3;
    return [Math.max(0, first), Math.min(this.length, last)];
  }
}

/** Name all lines that cases can lie on: boards on one side, overlays and stacks on the other. */
function nameLines(cases) {
  const boards = new Map();
  const others = new Map();
  for (const one of cases) {
    if (!boards.has(one.base)) boards.set(one.base, {key: one.base, kind: "board", path: one.base});
    const stack = one.name !== "" || one.overlays.length !== 1;
    const key = stack ? JSON.stringify([one.name, one.overlays]) : one.overlays[0];
    one.across = key;
    if (others.has(key)) continue;
    others.set(key, stack
      ? {key, kind: "stack", path: one.name || one.overlays.join(" + "), overlays: one.overlays}
      : {key, kind: "overlay", path: key});
  }
  const {compare} = new Intl.Collator("en", {numeric: true});
  const byPath = (a, b) => compare(a.path, b.path);
  const lines = [...others.values()];
  const overlays = lines.filter((line) => line.kind === "overlay").sort(byPath);
  const stacks = lines.filter((line) => line.kind === "stack").sort(byPath);
  const rows = [...boards.values()].sort(byPath);
  shortLabels(rows);
  shortLabels(overlays);
  for (const line of stacks) line.label = line.path;
  return {boards: rows, others: [...overlays, ...stacks]};
}

/** Leave out of the labels the folder and the ending that all of them share. */
function shortLabels(lines) {
  if (!lines.length) return;
  let folder = pathParts(lines[0].path)[0];
  const ending = /\.[a-z]+$/.exec(lines[0].path)?.[0] || "";
  let shared = ending !== "";
  for (const {path} of lines) {
    while (!path.startsWith(folder)) folder = pathParts(folder.slice(0, -1))[0];
    shared = shared && path.endsWith(ending) && !path.endsWith("/" + ending);
  }
  for (const line of lines) {
    line.label = line.path.slice(folder.length, shared ? -ending.length : undefined) || line.path;
  }
}
