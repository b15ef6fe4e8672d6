// The folder: its recordings, their labels, and how changes are kept. No edit is lost: each is sent
// with the state that it was made on, and where another tab was faster both are shown.
"use strict";

const MOST_SHOWN = 400, LOOK_MS = 5000;
const bench = { open: false, clips: new Map(), labels: [], version: "", clip: null, last: "",
  undo: [], proposals: new Map(), sending: 0 };

const isWhole = (mark) => mark.start_s === null;
const labelsOf = (marks) => [...new Set(marks.map((one) => one.label))];
const spoken = (marks) => labelsOf(marks).map((one) => one || "nothing in it").join(", ") || "no label";

function view(name) {
  for (const one of ["asking", "labelling"]) {
    $(one).hidden = one !== name;
    $(`tab-${one}`).setAttribute("aria-selected", `${one === name}`);
  }
  for (const own of document.querySelectorAll("audio")) own.pause();
  if (name === "labelling") {
    history.replaceState(null, "", bench.clip ? `#label/${bench.clip.id}` : "#label");
    drawClip();
  } else {
    if (location.hash.startsWith("#label")) history.replaceState(null, "", state.id ? `#${state.id}` : " ");
    draw();
  }
}

async function beginLabelling() {
  const told = await (await ask("/v1/folder")).json();
  $("views").hidden = !told.open;
  if (!told.open) return;
  bench.open = true;
  $("folder-name").textContent = told.name;
  await refresh();
  const [, id] = location.hash.match(/^#label\/(\w{16})$/) || [];
  const asked = location.hash.length > 1 && !location.hash.startsWith("#label");
  const first = bench.clips.get(id) || ordered().find((one) => !one.marks.length) || ordered()[0];
  if (first) openClip(first);
  await beginTraining(told);
  if (!asked) view("labelling");
  setInterval(() => { if (!document.hidden) look(); }, LOOK_MS);
  window.addEventListener("focus", look);
}

// Whether others have changed something since.
async function look() {
  try {
    const told = await (await ask("/v1/folder")).json();
    if (told.version !== bench.version || told.count !== bench.clips.size) await refresh();
  } catch { /* told when something is changed */ }
}

async function refresh() {
  if (bench.sending) return;
  const told = await (await ask("/v1/folder/clips")).json();
  if (bench.sending) return; // what was changed meanwhile is newer
  const before = bench.clips;
  bench.clips = new Map(told.clips.map((one) => {
    const own = before.get(one.id);
    if (!own) return [one.id, one];
    if (own.mine || own.base === one.base) return [one.id, own];
    return [one.id, Object.assign(own, one)];
  }));
  bench.version = told.version;
  for (const one of bench.clips.values()) learn(one.marks);
  if (bench.clip) bench.clip = bench.clips.get(bench.clip.id) || null;
  showList();
  showMarks();
}

// Labels keep their keys: new ones come last.
function learn(marks) {
  for (const { label } of marks) if (label && !bench.labels.includes(label)) bench.labels.push(label);
}

// -- the list --------------------------------------------------------------------------------------

function ordered() {
  const wanted = $("filter").value.trim().toLowerCase(), order = $("order").value;
  const found = [...bench.clips.values()].filter((one) => !wanted ||
    `${one.name} ${spoken(one.marks)}`.toLowerCase().includes(wanted));
  const doubt = (one) => (one.marks.length ? -1 : bench.proposals.get(one.id)?.uncertainty ?? 0);
  if (order === "empty") found.sort((a, b) => Math.sign(a.marks.length) - Math.sign(b.marks.length));
  if (order === "uncertain") found.sort((a, b) => doubt(b) - doubt(a));
  return found;
}

function showList() {
  const all = ordered(), done = [...bench.clips.values()].filter((one) => one.marks.length).length;
  $("folder-about").textContent = `${bench.clips.size} recordings, ${done} with labels`;
  const at = Math.max(0, all.indexOf(bench.clip) - MOST_SHOWN / 2);
  const rows = all.slice(at, at + MOST_SHOWN).map((one) => {
    const found = bench.proposals.get(one.id);
    const told = one.marks.length || !found ? "" : `${words(found.label) || "nothing"} ${Math.round(100 * found.score)} %?`;
    const button = make("button", { type: "button", class: "clip",
      "aria-current": `${one === bench.clip}` },
    make("span", {}, one.name), ...labelsOf(one.marks).slice(0, 4).map((label) =>
      make("b", {}, label ? words(label) : "nothing")), told ? make("i", {}, told) : null,
    one.mine ? make("b", { class: "bad" }, "not saved") : null);
    button.addEventListener("click", () => openClip(one));
    return make("li", {}, button);
  });
  if (all.length > rows.length) rows.push(make("li", { class: "hint" }, `${all.length} in all: find some above`));
  if (!all.length) rows.push(make("li", { class: "hint" }, bench.clips.size ? "None is found." : "The folder holds no recordings."));
  $("clips").replaceChildren(...rows);
  $("clips").querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = ordered(), at = all.indexOf(bench.clip);
  const next = all[Math.max(0, Math.min(all.length - 1, at + by))];
  if (next && next !== bench.clip) openClip(next);
}

// The next that has no label, as the list is ordered.
function advance(from) {
  const all = ordered(), at = all.indexOf(from);
  const next = [...all.slice(at + 1), ...all.slice(0, Math.max(0, at))].find((one) => !one.marks.length);
  if (next) openClip(next);
}

// -- keeping ---------------------------------------------------------------------------------------

let queue = Promise.resolve();

function tell(text, bad = false) {
  $("clip-status").textContent = text;
  $("clip-status").classList.toggle("bad", bad);
}

// Give a recording other labels: shown at once, sent in its turn.
function change(clip, marks, undone = false) {
  if (!undone) bench.undo.push([clip, clip.marks]);
  $("undo").disabled = !bench.undo.length;
  clip.marks = marks;
  clip.mine = marks;
  learn(marks);
  showMarks();
  showList();
  bench.sending++;
  bench.since = (bench.since || 0) + 1;
  queue = queue.then(() => send(clip, marks)).finally(() => { bench.sending--; });
  return queue;
}

async function send(clip, marks) {
  if (clip.mine !== marks) return; // a later change of it comes
  try {
    const told = await (await ask(`/v1/folder/clips/${clip.id}/labels`,
      { method: "POST", json: { marks, base: clip.base } })).json();
    clip.base = told.base;
    bench.version = told.version;
    delete clip.theirs;
    if (clip.mine === marks) delete clip.mine;
    if (bench.proposals.size && bench.since >= AGAIN_AFTER && !$("propose").disabled) propose(true);
    if (clip === bench.clip) tell(`Saved: ${spoken(marks)}`);
    showConflict();
  } catch (error) {
    if (error.status === 409) {
      const told = await (await ask(`/v1/folder/clips/${clip.id}`)).json();
      clip.theirs = told.marks;
      clip.base = told.base;
      openClip(clip);
    } else {
      tell(`Not saved: ${error.message}`, true);
      clip.failed = true;
      showConflict();
    }
  }
  showList();
}

// What was changed here and elsewhere at once, and what could not be sent.
function showConflict() {
  const clip = bench.clip, box = $("conflict");
  box.hidden = !clip || !clip.mine || !(clip.theirs || clip.failed);
  if (box.hidden) return;
  const choice = (text, marks) => {
    const button = make("button", { type: "button" }, text);
    button.addEventListener("click", () => {
      delete clip.failed;
      delete clip.theirs;
      change(clip, marks, true);
      showConflict();
    });
    return button;
  };
  if (!clip.theirs) {
    box.replaceChildren("These labels are not saved. ", choice("Try again", clip.mine));
    return;
  }
  const key = (one) => `${one.start_s} ${one.end_s} ${one.label}`;
  const both = [...new Map([...clip.theirs, ...clip.mine].map((one) => [key(one), one])).values()];
  box.replaceChildren(make("p", {}, "These labels were changed elsewhere meanwhile. There: ",
    make("b", {}, spoken(clip.theirs)), ". Here: ", make("b", {}, spoken(clip.mine)), "."),
  choice("Keep those", clip.theirs), " ", choice("Keep mine", clip.mine), " ", choice("Keep both", both));
}

function undo() {
  const last = bench.undo.pop();
  if (!last) return;
  const [clip, marks] = last;
  if (clip !== bench.clip) openClip(clip);
  change(clip, marks, true);
}

// -- proposals -------------------------------------------------------------------------------------

// After so many changes proposals are learnt anew, without leaving the recording that is open.
const AGAIN_AFTER = 5;

async function propose(again = false) {
  bench.since = 0;
  $("propose").disabled = true;
  $("proposing").hidden = false;
  $("propose-about").textContent = "Listening to all recordings …";
  $("propose-about").classList.remove("bad");
  try {
    if (!again) await queue;
    const response = await ask("/v1/folder/proposals", { method: "POST", json: {} });
    for await (const [name, value] of events(response)) {
      if (name === "error") throw new Error(value.message);
      if (name === "done") $("proposing").value = value;
      if (name === "proposals") {
        bench.proposals = new Map(value.clips.map((one) => [one.id, one]));
        $("propose-about").textContent = value.about;
        $("order").value = "uncertain";
      }
    }
    showList();
    showMarks();
    if (!again && ordered()[0]) openClip(ordered()[0]);
  } catch (error) {
    $("propose-about").textContent = error.message;
    $("propose-about").classList.add("bad");
  }
  $("propose").disabled = false;
  $("proposing").hidden = true;
}

for (const id of ["filter", "order"]) $(id).addEventListener("input", showList);
$("previous").addEventListener("click", () => step(-1));
$("next").addEventListener("click", () => step(1));
$("undo").addEventListener("click", undo);
$("propose").addEventListener("click", () => propose());
for (const one of ["asking", "labelling"]) $(`tab-${one}`).addEventListener("click", () => view(one));
window.addEventListener("beforeunload", (event) => {
  if ([...bench.clips.values()].some((one) => one.mine)) event.preventDefault();
});
