// The page: what is chosen, one frame at a time, and nothing while nothing changes.

"use strict";

const SEED_MAX = 10 ** 15 - 1;
const element = (id) => document.getElementById(id);
const state = { seed: 0, digit: -1, psi: 1, side: 8, speed: 0.5, turn: false, playing: false, position: 0 };
let engine = null;
let generator = null;
let drawing = false;
let stale = false;
let ticked = 0;
let frame = 0;

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function fromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const number = (key, low, high) => {
    const value = Number(given.get(key));
    if (given.has(key) && Number.isFinite(value)) state[key] = clamp(value, low, high);
  };
  number("seed", 0, SEED_MAX);
  number("psi", 0, 1.5);
  number("side", 1, 12);
  number("digit", -1, 999);
  state.position = 0;
  number("position", 0, SEED_MAX);
  state.turn = given.has("turn");
  for (const key of ["seed", "side", "digit"]) state[key] = Math.round(state[key]);
}

function toAddress() {
  const { seed, digit, psi, side, position, turn } = state;
  const between = position ? { position } : {};
  history.replaceState(null, "", `#${new URLSearchParams({ seed, digit, psi, side, ...between, ...(turn && { turn }) })}`);
}

function change(part) {
  Object.assign(state, part);
  element("problem").hidden = true;
  show();
  toAddress();
  draw();
}

function show() {
  if (generator && state.digit >= generator.info.classes.length) state.digit = -1;
  const made = generator && state.digit >= 0 ? ` of ${generator.info.classes[state.digit]}` : "";
  element("picture").setAttribute("aria-label", `${state.side ** 2} generated pictures${made}, seed ${state.seed}`);
  if (document.activeElement !== element("seed")) element("seed").value = state.seed;
  for (const [id, text] of [["psi", state.psi.toFixed(2)], ["side", `${state.side} × ${state.side}`], ["speed", `${state.speed.toFixed(1)} seeds/s`]]) {
    element(id).value = state[id];
    element(`${id}-value`).textContent = text;
  }
  element("turn").checked = state.turn;
  element("play").textContent = state.playing ? "Pause" : "Play";
  for (const button of element("classes").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", Number(button.dataset.digit) === state.digit);
  }
}

/** Latents and class weights of every cell. */
function batch() {
  const { info } = generator;
  const [cells, classes] = [state.side ** 2, info.classes.length];
  const whole = Math.floor(state.position);
  const part = state.position - whole;
  const z = new Float32Array(cells * info.latent);
  const y = classes ? new Float32Array(cells * classes) : null;
  for (let cell = 0; cell < cells; cell += 1) {
    let row = generator.latents(state.seed + whole, cell);
    if (part > 0) row = generator.between(row, generator.latents(state.seed + whole + 1, cell), part);
    z.set(row.map((value) => value * state.psi), cell * info.latent);
    if (!y) continue;
    const here = (state.digit < 0 ? cell : state.digit) + (state.turn ? whole : 0);
    const weight = state.turn ? part * part * (3 - 2 * part) : 0;
    y[cell * classes + (here % classes)] += 1 - weight;
    y[cell * classes + ((here + 1) % classes)] += weight;
  }
  return { z, y };
}

async function draw() {
  if (drawing || !generator) {
    stale = true;
    return;
  }
  drawing = true;
  stale = false;
  const current = generator;
  try {
    const start = performance.now();
    const { z, y } = batch();
    const { pixels } = await current.generate(z, y);
    if (current === generator) paint(pixels, current.info);
    element("speed-now").textContent = `${state.side ** 2} pictures in ${(performance.now() - start).toFixed(0)} ms`;
    element("picture").dataset.frames = Number(element("picture").dataset.frames ?? 0) + 1;
  } catch {
    if (state.playing) pause();
    complain("The generator could not make this picture: take a smaller grid, or another generator.");
  }
  if (current !== generator) await current.session.release();
  drawing = false;
  if (stale) draw();
}

function paint(pixels, info) {
  const side = Math.round(Math.sqrt(pixels.length / (info.height * info.width * info.channels)));
  const gap = Math.max(1, Math.round(Math.min(info.height, info.width) / 14));
  const [wide, high] = [side * (info.width + gap) - gap, side * (info.height + gap) - gap];
  const image = new ImageData(wide, high);
  const size = info.height * info.width;
  for (let cell = 0; cell < side * side; cell += 1) {
    const left = (cell % side) * (info.width + gap);
    const top = Math.floor(cell / side) * (info.height + gap);
    for (let place = 0; place < size; place += 1) {
      const target = 4 * ((top + Math.floor(place / info.width)) * wide + left + (place % info.width));
      const source = (cell * size + place) * info.channels;
      for (let channel = 0; channel < 3; channel += 1) {
        image.data[target + channel] = pixels[source + (info.channels === 3 ? channel : 0)];
      }
      image.data[target + 3] = 255;
    }
  }
  // Enlarged here by a whole number, so that the browser softens squares and not single pixels.
  const canvas = element("picture");
  const scale = Math.max(1, Math.ceil(900 / wide));
  const small = new OffscreenCanvas(wide, high);
  small.getContext("2d").putImageData(image, 0, 0);
  [canvas.width, canvas.height] = [wide * scale, high * scale];
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

function tick(now) {
  const seconds = Math.min((now - ticked) / 1000, 0.25);
  ticked = now;
  state.position += state.speed * seconds;
  const passed = Math.floor(state.position);
  if (passed && !state.turn) {
    state.seed = Math.min(state.seed + passed, SEED_MAX);
    state.position -= passed;
    show();
  }
  draw();
  frame = requestAnimationFrame(tick);
}

function play() {
  ticked = performance.now();
  frame = requestAnimationFrame(tick);
  change({ playing: true });
}

function pause() {
  cancelAnimationFrame(frame);
  // Rounded, so that the address is short and gives this very picture.
  change({ playing: false, position: Math.round(state.position * 1000) / 1000 });
}

function complain(sentence) {
  element("problem").textContent = sentence;
  element("problem").hidden = false;
  if (!generator) element("model").textContent = "No generator is open";
}

async function take(bytes, name) {
  let opened;
  try {
    opened = await engine.open(bytes);
  } catch (error) {
    complain(`${name}: ${error instanceof engine.Refused ? error.message : "This file could not be opened."}`);
    return;
  }
  const before = generator;
  generator = opened;
  if (before && !drawing) await before.session.release();
  element("picture").hidden = element("controls").inert = false;
  element("problem").hidden = true;
  const { info } = generator;
  const { preset, dataset, images_seen: seen, licence } = info.provenance;
  element("model").textContent = name;
  const facts = [`${info.width} × ${info.height} pixels`, `latent size ${info.latent}`];
  if (preset) facts.push(`${preset}${dataset ? ` on ${dataset}` : ""}${seen ? `, ${Number(seen).toLocaleString("en")} images seen` : ""}`);
  if (licence) facts.push(licence);
  element("facts").textContent = facts.join("  ·  ");
  offer(info.classes);
  show();
  draw();
}

function offer(classes) {
  const box = element("classes");
  box.querySelector(".digits")?.remove();
  box.hidden = element("turn-label").hidden = !classes.length;
  box.querySelector("legend").textContent = classes.every((name) => /^\d$/.test(name)) ? "Digit" : "Class";
  const list = document.createElement("div");
  list.className = "digits";
  for (const [digit, name] of [...classes.entries(), [-1, "Mixed"]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.dataset.digit = digit;
    if (digit < 0 || name.length > 4) button.className = "wide";
    button.addEventListener("click", () => change({ digit }));
    list.append(button);
  }
  box.append(list);
}

function listen() {
  const seed = (value) => change({ seed: clamp(value, 0, SEED_MAX), position: 0 });
  element("controls").addEventListener("submit", (event) => event.preventDefault());
  element("seed").addEventListener("change", (event) => {
    if (/^\d{1,15}$/.test(event.target.value)) seed(Number(event.target.value));
    event.target.value = state.seed;
  });
  element("previous").addEventListener("click", () => seed(state.seed - 1));
  element("next").addEventListener("click", () => seed(state.seed + 1));
  element("roll").addEventListener("click", () => seed(Math.floor(Math.random() * 1_000_000)));
  for (const id of ["psi", "side", "speed"]) {
    element(id).addEventListener("input", (event) => change({ [id]: Number(event.target.value) }));
  }
  element("turn").addEventListener("change", (event) => change({ turn: event.target.checked }));
  element("play").addEventListener("click", () => (state.playing ? pause() : play()));
  window.addEventListener("hashchange", () => {
    fromAddress();
    show();
    draw();
  });
  element("file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) await take(new Uint8Array(await file.arrayBuffer()), file.name);
    event.target.value = "";
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    const [file] = event.dataTransfer.files;
    if (file) await take(new Uint8Array(await file.arrayBuffer()), file.name);
  });
}

async function begin() {
  fromAddress();
  try {
    engine = await import("./generator.js");
  } catch {
    document.querySelector(".file").hidden = true;
    complain(
      location.protocol === "file:"
        ? "This page needs a web server: run python3 -m http.server in its folder, and open http://localhost:8000."
        : "The page is not complete, or this browser is too old: generator.js and runtime/ have to lie beside index.html.",
    );
    return;
  }
  listen();
  show();
  const model = "digits.onnx";
  const answer = await fetch(model).catch(() => null);
  if (answer?.ok) await take(new Uint8Array(await answer.arrayBuffer()), model);
  else complain("digits.onnx is not beside this page: open a generator from your disk.");
}

/** For tests and the curious: the open generator, and when it is there. */
window.digitforge = {
  ready: begin(),
  get info() {
    return generator.info;
  },
  generate: async (z, y) => {
    const { image, pixels } = await generator.generate(Float32Array.from(z), y && Float32Array.from(y));
    return { image: Array.from(image), pixels: Array.from(pixels) };
  },
};
