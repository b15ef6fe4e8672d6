// The studio: one recording, every question that this server can be asked, a panel for each.
// Nothing here knows a question: panels, fields and lanes come from /v1/questions and from the
// shape of an answer.
"use strict";

const state = { id: "", seconds: 0, samples: null, rate: 0, questions: [], asked: 0 };

function say(text, bad = false) {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
}

// -- a recording -----------------------------------------------------------------------------------

async function take(file, name) {
  const own = ++state.asked;
  say(`Sending ${name} …`);
  try {
    const form = new FormData();
    form.append("file", file, name);
    const kept = await (await ask("/v1/recordings", { method: "POST", body: form })).json();
    if (own !== state.asked) return;
    history.replaceState(null, "", `#${kept.id}`);
    await show(kept, file);
  } catch (error) {
    say(error.message, true);
  }
}

async function show(kept, file) {
  state.id = kept.id;
  state.seconds = kept.duration_s;
  $("name").textContent = `${kept.name} · ${kept.duration_s.toFixed(1)} s`;
  $("sound").hidden = false;
  $("lanes").replaceChildren();
  say("");
  askAll();
  URL.revokeObjectURL($("audio").src);
  $("audio").src = URL.createObjectURL(file);
  await picture(file);
}

async function picture(file) {
  try {
    const found = await decoded(await file.arrayBuffer());
    state.samples = found.samples;
    state.rate = found.rate;
    draw();
  } catch {
    say("This browser cannot play or draw that format; the answers are of the recording itself.");
  }
}

function draw() {
  if (!state.samples) return;
  drawWave($("wave"), state.samples, accent());
  drawSpectrogram($("spectrogram"), state.samples, state.rate);
}

// After a reload: the server still has the recording for some minutes.
async function again() {
  const id = location.hash.slice(1);
  if (!/^[\w-]{8,40}$/.test(id)) return;
  try {
    const kept = await (await ask(`/v1/recordings/${id}`)).json();
    const sound = await (await ask(`/v1/recordings/${id}/sound`)).blob();
    await show(kept, sound);
  } catch (error) {
    history.replaceState(null, "", " ");
    say(error.message, true);
  }
}

// -- panels ----------------------------------------------------------------------------------------

function askAll() {
  $("panels").replaceChildren();
  for (const question of state.questions) {
    if (question.takes !== "recording" || !question.models.length) continue;
    const panel = make("article", { class: "panel" });
    panel.dataset.question = question.name;
    $("panels").append(panel);
    answer(panel, question, {});
  }
}

async function answer(panel, question, options) {
  const id = state.id;
  const bar = make("progress", { max: "1", "aria-label": `${question.name}: progress` });
  const found = make("div", { class: "found", "aria-live": "polite" }, bar);
  panel.replaceChildren(make("h2", {}, question.help), found);
  lane(question.name, []);
  const form = new FormData();
  form.append("recording", id);
  form.append("stream", "true");
  for (const [name, value] of Object.entries(options)) form.append(name, value);
  const decided = [];
  try {
    const response = await ask(`/v1/${question.name}`, { method: "POST", body: form });
    for await (const [name, value] of events(response)) {
      if (id !== state.id) return;
      if (name === "at_s") bar.value = Math.min(1, value / state.seconds);
      if (name === "error") throw new Error(value.message);
      if (name === "decided" && value && value.start_s !== undefined) {
        decided.push(value);
        lane(question.name, decided);
      }
      if (name === "answer") finished(panel, found, question, value);
    }
  } catch (error) {
    if (id !== state.id) return;
    found.replaceChildren(make("p", { class: "bad" }, error.message));
  }
  panel.append(fields(panel, question, options));
}

function finished(panel, found, question, value) {
  panel.querySelector("h2").append(" ", make("span", { class: "model" }, value.model || ""));
  found.replaceChildren(...shown(value));
  const spans = Object.values(value).find((one) => isSpans(one)) || [];
  lane(question.name, spans);
}

const HEAD = ["file", "model", "duration_s", "warnings"];
const isList = (one) => Array.isArray(one) && one.length && typeof one[0] === "object";
const isScores = (one) => isList(one) && "label" in one[0] && "score" in one[0] && !("start_s" in one[0]);
const isSpans = (one) => isList(one) && "start_s" in one[0] && "end_s" in one[0];

// An answer by its shape: scores as bars, times and other lists as tables, texts as they are.
function shown(value) {
  const parts = (value.warnings || []).map((one) => make("p", { class: "warning" }, one));
  const rest = [];
  for (const [name, one] of Object.entries(value)) {
    if (HEAD.includes(name)) continue;
    if (isScores(one)) parts.push(...one.slice(0, 8).map(score));
    else if (isList(one)) parts.push(folded(name, one));
    else if (typeof one === "string" && one.includes(" ")) parts.push(make("p", {}, one));
    else if (Array.isArray(one) && one.length) rest.push([name, size(one)]);
    else if (isFiles(one)) parts.push(...heard(Object.entries(one)));
    else if (one && ["number", "boolean", "string"].includes(typeof one)) rest.push([name, one]);
    else if (one === 0 || one === false) rest.push([name, one]);
  }
  if (rest.length) {
    const rows = rest.map(([name, one]) => make("tr", {}, make("th", {}, words(name)),
      make("td", {}, text(one))));
    parts.push(make("table", {}, make("tbody", {}, ...rows)));
  }
  return parts.length ? parts : [make("p", { class: "warning" }, "Nothing was found.")];
}

const isFiles = (one) => one !== null && typeof one === "object" && !Array.isArray(one) &&
  Object.values(one).every((each) => `${each}`.startsWith("/v1/made/"));

// Sounds that an answer brings, such as the sources of a mix: several under one time line.
function heard(entries) {
  if (entries.length < 2) return entries.map(player);
  const toggle = (name, label) => make("button", { type: "button", "data-mixer": name,
    "aria-pressed": "false", "aria-label": `${words(label)}: ${name}` }, name === "solo" ? "Solo" : "Mute");
  const rows = entries.map(([label]) => make("div", { class: "source", role: "group",
    "aria-label": words(label) },
  make("b", {}, words(label)), toggle("solo", label), toggle("mute", label),
  make("a", { class: "save", download: "" }, "Save"),
  make("div", { class: "plot" }, make("canvas", { "aria-label": `Waveform of ${words(label)}` }),
    make("i", { class: "at", hidden: true }))));
  const play = make("button", { type: "button", "data-mixer": "play", disabled: true,
    "aria-pressed": "false" }, "Play");
  const mixer = make("div", { class: "mixer" },
    make("p", {}, play, " ", make("span", { class: "clock" })), ...rows);
  mix(mixer, entries, rows, play).catch((error) =>
    mixer.replaceChildren(make("p", { class: "bad" }, error.message)));
  return [mixer];
}

// Fetches them all, then lets them play in step (report/assets/sources.js).
async function mix(mixer, entries, rows, play) {
  const sounds = await Promise.all(entries.map(async ([, place]) => (await ask(place)).blob()));
  const waves = await Promise.all(sounds.map(async (one) => decoded(await one.arrayBuffer())));
  const peak = Math.max(1e-6, ...waves.map(({ samples }) => samples.reduce(
    (most, one) => Math.max(most, Math.abs(one)), 0)));
  rows.forEach((row, i) => {
    drawWave(row.querySelector("canvas"), waves[i].samples, accent(), 1 / peak);
    const link = row.querySelector(".save");
    link.href = URL.createObjectURL(sounds[i]);
    link.download = `${entries[i][0]}.wav`;
  });
  mixer.dataset.duration = `${Math.max(...waves.map((one) => one.samples.length / one.rate))}`;
  play.disabled = false;
  startMixer(mixer, (lane) => sounds[rows.indexOf(lane.row)].arrayBuffer());
}

// A sound alone; fetched, as a player sends no token.
function player([label, place]) {
  const own = make("audio", { controls: true, "aria-label": label });
  ask(place).then((answer) => answer.blob())
    .then((blob) => { own.src = URL.createObjectURL(blob); })
    .catch((error) => own.replaceWith(make("p", { class: "bad" }, error.message)));
  return make("p", {}, words(label), " ", own);
}

// How large a list of numbers, or of such lists, is: 60 × 192.
function size(one) {
  const inner = Array.isArray(one[0]) ? ` × ${one[0].length}` : "";
  return one.length === 1 && !inner ? text(one[0]) : `${one.length}${inner}`;
}

function text(value) {
  if (typeof value === "number") return Number.isInteger(value) ? `${value}` : value.toPrecision(4);
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value).slice(0, 80) : `${value}`;
}

function score(one) {
  const bar = make("i");
  bar.style.width = `${100 * Math.max(0, Math.min(1, one.score))}%`;
  return make("div", { class: "score" }, bar, make("span", {}, words(one.label)),
    make("b", {}, `${Math.round(100 * one.score)} %`));
}

function folded(name, rows) {
  const columns = Object.keys(rows[0]).filter((key) => typeof rows[0][key] !== "object");
  const body = rows.slice(0, 500).map((row) => {
    const cells = columns.map((key) => make("td", {}, text(row[key])));
    const line = make("tr", {}, ...cells);
    if (row.start_s !== undefined) line.addEventListener("click", () => seek(row.start_s));
    return line;
  });
  const head = make("tr", {}, ...columns.map((key) => make("th", {}, words(key))));
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  return make("details", {}, make("summary", {}, `${words(name)} (${rows.length})`),
    make("div", { class: "wide" }, table));
}

// The options of a question, to ask it again with others.
function fields(panel, question, given) {
  const form = make("form", { class: "fields" });
  if (question.models.length > 1) {
    const models = question.models.map((one) => make("option", { value: one }, one));
    form.append(row("model", make("select", { name: "model" },
      make("option", { value: "" }, "the usual"), ...models)));
  }
  for (const one of question.options) form.append(row(one.help, field(one), one.name));
  for (const [name, value] of Object.entries(given)) {
    const own = form.elements[name];
    if (value instanceof File) own.files = filesOf(value);
    else if (own && own.type === "checkbox") own.checked = value === "true";
    else if (own) own.value = value;
  }
  form.append(make("button", {}, "Ask again"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = {};
    for (const one of form.elements) {
      if (one.type === "checkbox" && one.checked) values[one.name] = "true";
      else if (one.type === "file" && one.files.length) values[one.name] = one.files[0];
      else if (!["checkbox", "file"].includes(one.type) && one.name && one.value) values[one.name] = one.value;
    }
    answer(panel, question, values);
  });
  return make("details", {}, make("summary", {}, "Options"), form);
}

function row(help, own, name = "") {
  if (name) own.setAttribute("name", name);
  return make("label", {}, make("span", {}, help), own);
}

// A file chosen before, for a field of the form that is made anew.
function filesOf(file) {
  const moved = new DataTransfer();
  moved.items.add(file);
  return moved.files;
}

function field(one) {
  if (one.reads) {
    return make("input", { type: "file", accept: one.reads === "recording" ? "audio/*,video/*" : "" });
  }
  if (one.choices.length) {
    const all = one.choices.map((each) => make("option", { value: each }, each));
    return make("select", {}, ...all);
  }
  if (one.kind === "bool") {
    return make("input", { type: "checkbox", checked: one.default === true });
  }
  const own = make("input", { type: one.kind === "str" ? "text" : "number", step: "any" });
  if (one.low !== null) own.min = `${one.low}`;
  if (one.high !== null) own.max = `${one.high}`;
  if (one.default !== null) own.placeholder = `${one.default}`;
  return own;
}

// -- time ------------------------------------------------------------------------------------------

function lane(name, spans) {
  let own = [...$("lanes").children].find((one) => one.dataset.question === name);
  if (!spans.length) {
    own?.remove();
    return;
  }
  if (!own) {
    own = make("div", { class: "lane" });
    own.dataset.question = name;
    $("lanes").append(own);
  }
  const bars = spans.slice(0, 2000).map((one) => {
    const what = one.label || one.text || one.speaker || (one.score ?? "").toString().slice(0, 5);
    const bar = make("button", { class: "span", type: "button", title: words(`${what}`) },
      words(`${what}`));
    bar.style.left = `${(100 * one.start_s) / state.seconds}%`;
    bar.style.width = `${(100 * (one.end_s - one.start_s)) / state.seconds}%`;
    bar.addEventListener("click", () => seek(one.start_s));
    return bar;
  });
  own.replaceChildren(...bars, make("span", { class: "what" }, name));
}

function seek(seconds) {
  $("audio").currentTime = Math.max(0, Math.min(state.seconds, seconds));
  moved();
}

function moved() {
  const at = $("audio").currentTime;
  $("time").textContent = `${at.toFixed(1)} s`;
  $("cursor").hidden = !state.seconds;
  $("cursor").style.left = `${(100 * at) / Math.max(state.seconds, 0.001)}%`;
  if (!$("audio").paused) requestAnimationFrame(moved);
}

function toggle() {
  if ($("audio").paused) $("audio").play().catch(() => say("It cannot be played here.", true));
  else $("audio").pause();
}

// -- the microphone --------------------------------------------------------------------------------

let recorder = null;

async function record() {
  if (recorder) {
    recorder.stop();
    return;
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const parts = [];
    recorder = new MediaRecorder(stream);
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      stream.getTracks().forEach((track) => track.stop());
      const kind = recorder.mimeType;
      recorder = null;
      $("record").textContent = "Record";
      $("record").setAttribute("aria-pressed", "false");
      take(new Blob(parts, { type: kind }), "microphone");
    });
    recorder.start();
    $("record").textContent = "Stop";
    $("record").setAttribute("aria-pressed", "true");
    say("Recording …");
  } catch (error) {
    recorder = null;
    say(`The microphone cannot be used: ${error.message}`, true);
  }
}

// -- the beginning ---------------------------------------------------------------------------------

async function begin() {
  state.questions = await (await ask("/v1/questions")).json();
  $("token").hidden = true;
  await beginLabelling();
  await again();
}

$("token").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", $("token").elements.token.value.trim());
  begin().catch((error) => say(error.message, true));
});
$("file").addEventListener("change", () => {
  const file = $("file").files[0];
  if (file) take(file, file.name);
  $("file").value = "";
});
$("record").addEventListener("click", record);
$("drop").addEventListener("keydown", (event) => {
  if (event.target === $("drop") && ["Enter", " "].includes(event.key)) {
    event.preventDefault();
    $("file").click();
  }
});
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", name === "dragover");
    const file = name === "drop" ? event.dataTransfer.files[0] : null;
    if (!file) return;
    view("asking");
    take(file, file.name);
  });
}
$("play").addEventListener("click", toggle);
for (const name of ["play", "pause", "timeupdate", "ended"]) {
  $("audio").addEventListener(name, () => {
    $("play").textContent = $("audio").paused ? "Play" : "Pause";
    moved();
  });
}
for (const id of ["wave", "spectrogram"]) {
  $(id).addEventListener("click", (event) => {
    seek((event.offsetX / $(id).clientWidth) * state.seconds);
  });
}
document.addEventListener("keydown", (event) => {
  const tag = event.target.tagName;
  if (["INPUT", "SELECT", "BUTTON", "SUMMARY", "TEXTAREA"].includes(tag)) return;
  if ($("sound").hidden || $("asking").hidden) return;
  if (event.target === $("drop")) return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === " ") toggle();
  else if (step) seek($("audio").currentTime + step);
  else return;
  event.preventDefault();
});
window.addEventListener("resize", draw);
begin().catch((error) => say(error.message, true));
