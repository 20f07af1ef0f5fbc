// The record that payload.py writes, unpacked and replayed: what every register and word held before any step.

export const WORD = 8;

export const number = (hex) => Number.parseInt(hex, 16);
export const value = (hex) => BigInt(`0x${hex}`);

/** The record from its packed form: base64 text of a page, or the bytes of a widget's trait. */
export async function unpack(packed) {
  const bytes = typeof packed === "string" ? Uint8Array.from(atob(packed.trim()), (c) => c.charCodeAt(0))
    : new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** The index of the last entry of [step, …] rows that holds at `step`. */
function holding(rows, step) {
  let low = 0, high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle][0] <= step) low = middle + 1; else high = middle;
  }
  return low - 1;
}

/** Answers questions about any step of a record. */
export function replay(record) {
  const steps = record.at.length - 1;
  const registers = record.base.map((hex) => [[0, value(hex)]]);
  const memory = record.memory.map(([start, words]) => ({ start: number(start), words }));
  const histories = new Map(), touched = new Map();
  for (let step = 0; step < steps; step++) {
    const delta = record.deltas[step], stores = record.writes[step];
    for (let i = 0; i < delta.length; i += 2) registers[delta[i]].push([step + 1, value(delta[i + 1])]);
    for (let i = 0; i < stores.length; i += 3) store(number(stores[i]), stores[i + 1], value(stores[i + 2]), step + 1);
  }
  function before(at) {
    let low = 0, high = memory.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (memory[middle].start <= at) low = middle + 1; else high = middle;
    }
    const hex = low ? memory[low - 1].words[(at - memory[low - 1].start) / WORD] : undefined;
    return hex === undefined ? undefined : value(hex || "0");
  }
  function store(address, size, stored, step) {
    for (let at = address - (address % WORD); at < address + size; at += WORD) {
      let held = histories.get(at);
      if (!held) histories.set(at, held = [[0, before(at) ?? 0n]]);
      const first = Math.max(address, at), bytes = Math.min(address + size, at + WORD) - first;
      const mask = ((1n << BigInt(8 * bytes)) - 1n) << BigInt(8 * (first - at));
      const part = ((stored >> BigInt(8 * (first - address))) << BigInt(8 * (first - at))) & mask;
      held.push([step, (held[held.length - 1][1] & ~mask) | part]);
      if (!touched.has(step)) touched.set(step, new Set());
      touched.get(step).add(at);
    }
  }
  function word(at, step) {
    const held = histories.get(at);
    return held ? held[holding(held, step)][1] : before(at);
  }

  // By step: which row of `stacks`, which stack; by row of `stacks`: how deep, and the frames once asked for.
  const functionOf = new Int32Array(record.code.length);
  record.functions.forEach((f, i) => functionOf.fill(i, f.code[0], f.code[1]));
  const spread = (rows) => {
    const found = new Int32Array(steps + 1);
    rows.forEach(([from, row], i) => found.fill(row, from, i + 1 < rows.length ? rows[i + 1][0] : steps + 1));
    return found;
  };
  const rowAt = spread(record.stack), kindAt = spread(record.switches.map(([from, kind]) => [from, record.kinds.indexOf(kind)]));
  const depths = [];
  for (const [, caller] of record.stacks) depths.push(caller < 0 ? 1 : depths[caller] + 1);
  const isOver = (step) => step === steps && record.returned === 1;
  // How deep each step is. Where no frame is known, the calls and returns on the way from the last known one tell.
  const depthAt = new Int32Array(steps + 1);
  for (let step = 0, depth = 1; step <= steps; step++) {
    const ran = step && record.at[step - 1] >= 0 ? record.code[record.at[step - 1]][2] : "";
    depth = rowAt[step] >= 0 ? depths[rowAt[step]] : isOver(step) ? 0 : Math.max(1, depth + (ran.startsWith("CALL") ? 1 : ran === "RET" ? -1 : 0));
    depthAt[step] = depth;
  }
  const made = new Map();
  function frames(top) {
    if (made.has(top)) return made.get(top);
    const rows = [];
    for (let row = top; row >= 0; row = record.stacks[row][1]) {
      const [layout, fp, sp, pseudo, ret, saved, complete, line] = record.frames[record.stacks[row][0]];
      const [owner, slots] = record.layouts[layout], base = number(fp);
      rows.push({ owner, fp: base, sp: base + sp, pseudo: base + pseudo, ret: base + ret, line, complete,
        saved: saved === null ? null : base + saved,
        slots: slots.map(([name, expression, at, size, kind, type]) => ({ name, expression, address: base + at, size, kind, type })) });
    }
    made.set(top, rows);
    return rows;
  }
  const pc = record.registers.indexOf("PC"), column = new Map(record.registers.map((name, i) => [name, i]));
  const none = new Set();
  const run = {
    steps,
    column,
    address: (row) => number(record.functions[functionOf[row]].address) + record.code[row][0],
    register: (at, step) => (at === pc && record.at[step] >= 0 ? BigInt(run.address(record.at[step])) : registers[at][holding(registers[at], step)][1]),
    named: (name, step) => run.register(column.get(name), step),
    sp: (step) => Number(run.named("SP", step)),
    changed: (at, step) => step > 0 && (at === pc || registers[at][holding(registers[at], step)][0] === step),
    touched: (step) => touched.get(step) ?? none,
    word,
    slot(address, size, step) {
      const at = address - (address % WORD), held = word(at, step);
      return held === undefined ? undefined : (held >> BigInt(8 * (address - at))) & ((1n << BigInt(8 * Math.min(size, WORD))) - 1n);
    },
    nextWrite(at, step, way = 1) {
      const steps = (histories.get(at) ?? []).map(([when]) => when).filter((when) => when > 0);
      return way > 0 ? steps.find((when) => when > step) : steps.findLast((when) => when < step);
    },
    functionOf: (row) => functionOf[row],
    functionAt: (step) => (record.at[step] < 0 ? -1 : functionOf[record.at[step]]),
    depth: (step) => depthAt[step],
    isOver,
    kind: (step) => record.kinds[kindAt[step]],
    stack: (step) => frames(rowAt[step]),
    stackRow: (step) => rowAt[step],
    go: (step) => (record.at[step] < 0 ? "" : record.code[record.at[step]][2]),
  };
  return run;
}
