// A digitforge generator in the browser: opening, checking, latents, class weights. No page in here.

import * as ort from "./runtime/ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1; // more need headers that a plain web server does not send
ort.env.wasm.wasmPaths = new URL("./runtime/", import.meta.url).href;

const SIZE_LIMIT_BYTES = 64 * 2 ** 20;
const PREFIX = "digitforge.";

/** What is wrong with a file, in one sentence for the person at the page. */
export class Refused extends Error {}

/** Strings of the model's metadata_props: the top-level fields number 14 of its protocol buffer, nothing else is read. */
export function metadataOf(bytes) {
  const found = {};
  const text = new TextDecoder("utf-8", { fatal: true });
  let at = 0;
  const number = (end) => {
    let value = 0;
    for (let place = 0; place < 10 && at < end; place += 1) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * 2 ** (7 * place);
      if (byte < 0x80) return value;
    }
    throw new Refused("This is not an ONNX file, or it is damaged.");
  };
  const field = (end) => {
    const tag = number(end);
    const kind = tag % 8;
    const size = kind === 2 ? number(end) : kind === 5 ? 4 : kind === 1 ? 8 : kind === 0 ? 0 : NaN;
    const start = at;
    if (kind === 0) number(end);
    else at += size;
    if (!(at <= end)) throw new Refused("This is not an ONNX file, or it is damaged.");
    return { id: Math.floor(tag / 8), start, end: at };
  };
  while (at < bytes.length) {
    const entry = field(bytes.length);
    if (entry.id !== 14) continue;
    const pair = {};
    at = entry.start;
    while (at < entry.end) {
      const part = field(entry.end);
      pair[part.id] = text.decode(bytes.subarray(part.start, part.end));
    }
    found[pair[1] ?? ""] = pair[2] ?? "";
  }
  return found;
}

/** The contract's fields out of the metadata. Throws Refused. */
export function describe(metadata) {
  const read = (key) => {
    if (!(PREFIX + key in metadata)) throw new Refused("This file was not exported by digitforge.");
    return metadata[PREFIX + key];
  };
  const whole = (key, highest) => {
    const value = Number(read(key));
    if (!Number.isInteger(value) || value < 1 || value > highest) {
      throw new Refused(`The file's ${key.replace("_", " ")} is not a whole number from 1 to ${highest}.`);
    }
    return value;
  };
  if (read("contract_version").split(".")[0] !== "1") {
    throw new Refused(`The file follows version ${read("contract_version").slice(0, 20)} of the contract; this page reads version 1.`);
  }
  let classes = null;
  try {
    classes = JSON.parse(read("classes"));
  } catch (error) {
    if (error instanceof Refused) throw error;
  }
  if (!Array.isArray(classes) || classes.length > 1000 || !classes.every((name) => typeof name === "string")) {
    throw new Refused("The file does not say which classes it makes.");
  }
  const distribution = read("latent_distribution");
  const channels = whole("channels", 3);
  if (!["normal", "uniform"].includes(distribution) || channels === 2) {
    throw new Refused("The file's metadata is not what this page can show.");
  }
  const provenance = Object.fromEntries(
    Object.entries(metadata)
      .filter(([key]) => key.startsWith(`${PREFIX}provenance.`))
      .map(([key, value]) => [key.slice(`${PREFIX}provenance.`.length), value]),
  );
  return {
    latent: whole("latent_size", 65536), distribution, classes, channels,
    height: whole("height", 1024), width: whole("width", 1024), provenance,
  };
}

/** Open the bytes of a file. Throws Refused. */
export async function open(bytes) {
  if (bytes.length > SIZE_LIMIT_BYTES) throw new Refused("This file is larger than 64 MiB; generators are far smaller.");
  let info;
  try {
    info = describe(metadataOf(bytes));
  } catch (error) {
    throw error instanceof Refused ? error : new Refused("This is not an ONNX file, or it is damaged.");
  }
  let session;
  try {
    session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4 });
  } catch (error) {
    if (/no available backend/.test(error.message)) {
      throw new Refused("The runtime does not start: its files in runtime/ are damaged or missing, or this browser is too old.");
    }
    throw new Refused("The runtime refuses this file: it is damaged, or uses what a browser cannot run.");
  }
  const expected = info.classes.length ? "z,y" : "z";
  if (session.inputNames.join() !== expected || session.outputNames.join() !== "image,pixels") {
    await session.release();
    throw new Refused("The file's inputs and outputs are not those of a digitforge generator.");
  }
  const generator = new Generator(session, info);
  try {
    await generator.generate(new Float32Array(2 * info.latent), info.classes.length ? new Float32Array(2 * info.classes.length) : null);
  } catch {
    await session.release();
    throw new Refused("The file's graph does not do what its metadata promises.");
  }
  return generator;
}

class Generator {
  constructor(session, info) {
    this.session = session;
    this.info = info;
  }

  /** z: Float32Array [n * latent], y: Float32Array [n * classes] or null -> { image, pixels } as typed arrays. Throws Error. */
  async generate(z, y) {
    const { latent, classes, channels, height, width } = this.info;
    const count = z.length / latent;
    const feeds = { z: new ort.Tensor("float32", z, [count, latent]) };
    if (classes.length) feeds.y = new ort.Tensor("float32", y, [count, classes.length]);
    const made = await this.session.run(feeds);
    const shape = [count, height, width, ...(channels === 3 ? [3] : [])];
    if (made.pixels.type !== "uint8" || made.pixels.dims.join() !== shape.join()) throw new Error("another shape than promised");
    return { image: made.image.data, pixels: made.pixels.data };
  }

  /** Latents of one sample: a function of seed and index alone. */
  latents(seed, index) {
    const random = stream(seed, index);
    const z = new Float32Array(this.info.latent);
    for (let place = 0; place < z.length; place += 2) {
      if (this.info.distribution === "uniform") {
        z[place] = 2 * random() - 1;
        if (place + 1 < z.length) z[place + 1] = 2 * random() - 1;
      } else {
        // Box and Muller 1958; 1 - u is never 0.
        const radius = Math.sqrt(-2 * Math.log(1 - random()));
        const angle = 2 * Math.PI * random();
        z[place] = radius * Math.cos(angle);
        if (place + 1 < z.length) z[place + 1] = radius * Math.sin(angle);
      }
    }
    return z;
  }

  /** The way from a to b that stays likely: along a great circle for normal latents, on a line for uniform ones. */
  between(a, b, t) {
    if (this.info.distribution === "uniform") return a.map((value, place) => (1 - t) * value + t * b[place]);
    const length = (v) => Math.hypot(...v);
    const [la, lb] = [length(a), length(b)];
    const cosine = a.reduce((sum, value, place) => sum + value * b[place], 0) / (la * lb || 1);
    const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
    const sine = Math.sin(angle);
    const [wa, wb] = sine < 1e-4 ? [1 - t, t] : [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
    const size = (1 - t) * la + t * lb;
    return a.map((value, place) => size * ((wa * value) / (la || 1) + (wb * b[place]) / (lb || 1)));
  }
}

/** Numbers in [0, 1) that depend on seed and index alone (the mulberry32 generator, begun at a mixture of both). */
function stream(seed, index) {
  let state = 0x9e3779b9;
  for (const word of [seed % 2 ** 32, Math.floor(seed / 2 ** 32), index]) {
    state = Math.imul(state ^ word, 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
    state ^= state >>> 16;
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
