// The labels of one recording: drawn on its spectrogram, set by keys.
"use strict";

const EDGE_PX = 9, LEAST_PX = 4, LEAST_S = 0.02;
// Of a longer recording so much is shown at first; one that is much longer is decoded at a lower rate,
// of which an hour takes 230 MB.
const VIEW_S = 60, LONG_S = 600, LONG_HZ = 16000;
const stage = { samples: null, rate: 0, seconds: 0, from: 0, to: 0, chosen: -1, draft: null, stop: null,
  begun: null };

async function openClip(clip) {
  bench.clip = clip;
  Object.assign(stage, { samples: null, seconds: 0, chosen: -1, draft: null, stop: null, begun: null });
  $("editor").hidden = false;
  $("clip-name").textContent = clip.name;
  $("clip-audio").pause();
  $("clip-audio").removeAttribute("src");
  tell("");
  if (!$("labelling").hidden) history.replaceState(null, "", `#label/${clip.id}`);
  for (const id of ["clip-wave", "clip-spectrogram"]) fitted($(id));
  showMarks();
  showList();
  try {
    const about = await (await ask(`/v1/folder/clips/${clip.id}`)).json();
    if (clip !== bench.clip) return;
    if (!clip.mine && clip.base !== about.base) Object.assign(clip, about);
    stage.seconds = about.duration_s;
    Object.assign(stage, { from: 0, to: Math.min(stage.seconds, VIEW_S) });
    showMarks();
    const sound = await (await ask(`/v1/folder/clips/${clip.id}/sound`)).blob();
    const found = await decoded(await sound.arrayBuffer(), stage.seconds > LONG_S ? LONG_HZ : undefined);
    if (clip !== bench.clip) return;
    URL.revokeObjectURL($("clip-audio").src);
    $("clip-audio").src = URL.createObjectURL(sound);
    Object.assign(stage, found);
    drawClip();
  } catch (error) {
    if (clip === bench.clip) tell(error.message, true);
  }
}

function drawClip() {
  if (!stage.samples || $("labelling").hidden) return;
  const part = stage.samples.subarray(Math.round(stage.from * stage.rate), Math.round(stage.to * stage.rate));
  drawWave($("clip-wave"), part, accent());
  drawSpectrogram($("clip-spectrogram"), part, stage.rate);
  for (const id of ["earlier", "later"]) $(id).hidden = stage.to - stage.from >= stage.seconds;
  $("earlier").disabled = stage.from <= 0;
  $("later").disabled = stage.to >= stage.seconds;
  showMarks();
  placeCursor();
}

const percent = (t) => (100 * (t - stage.from)) / Math.max(1e-6, stage.to - stage.from);
const round = (t) => Math.round(t * 1000) / 1000;

// -- showing ---------------------------------------------------------------------------------------

function bar(kind, start, end, text, place) {
  const one = make("button", { type: "button", class: `mark ${kind}`, title: text }, text);
  one.style.left = `${percent(Math.max(start, stage.from))}%`;
  one.style.width = `${percent(Math.min(end, stage.to)) - percent(Math.max(start, stage.from))}%`;
  if (place >= 0) {
    one.setAttribute("aria-label", `${text}, ${start.toFixed(1)} to ${end.toFixed(1)} s`);
    one.addEventListener("focus", () => choose(place, false));
  }
  one.dataset.place = place;
  return one;
}

function showMarks() {
  const clip = bench.clip;
  if (!clip) return;
  const inside = (one) => one.end_s > stage.from && one.start_s < stage.to;
  const marks = stage.seconds ? clip.marks.map((one) => asWhole(one)) : clip.marks;
  const bars = marks.flatMap((one, i) => (isWhole(one) || !inside(one) ? [] :
    [bar(i === stage.chosen ? "chosen" : "", one.start_s, one.end_s, words(one.label), i)]));
  const found = bench.proposals.get(clip.id);
  const offered = clip.marks.length || !found ? null : found;
  for (const one of offered?.parts || []) {
    if (inside(one)) bars.push(bar("offered", one.start_s, one.end_s, `${words(one.label)}?`, -1));
  }
  if (stage.draft) bars.push(bar("draft", stage.draft[0], stage.draft[1], "which label?", -2));
  const focused = document.activeElement?.closest?.("#marks .mark")?.dataset.place;
  $("marks").replaceChildren(...bars);
  if (focused !== undefined) $("marks").querySelector(`[data-place="${focused}"]`)?.focus();
  const whole = marks.filter(isWhole);
  $("whole").replaceChildren(...whole.map((one) => {
    const own = make("button", { type: "button", class: "tag",
      "aria-label": `Remove ${one.label || "nothing in it"}` }, words(one.label) || "nothing in it", " ×");
    own.addEventListener("click", () => change(clip, clip.marks.filter((each) => asWhole(each).label !== one.label || !isWhole(asWhole(each)))));
    return own;
  }));
  $("nothing").hidden = clip.marks.length > 0 || ![...bench.clips.values()].some((one) => one.marks.some((each) => !isWhole(each)));
  $("proposal").hidden = !offered;
  if (offered) {
    const take = make("button", { type: "button" }, "Take it (Enter)");
    take.addEventListener("click", accept);
    const sure = `${Math.round(100 * offered.score)} %`;
    const parts = offered.parts.length ? ` in ${offered.parts.length} part${offered.parts.length > 1 ? "s" : ""}` : "";
    $("proposal").replaceChildren("Proposed: ", make("b", {}, words(offered.label) || "nothing in it"), `, ${sure}${parts} `, take);
  }
  showKeys();
  showConflict();
}

// A part that is the whole recording is a label of it.
function asWhole(one) {
  const all = stage.seconds && one.start_s !== null && one.start_s < 0.002 && one.end_s > stage.seconds - 0.002;
  return all ? { start_s: null, end_s: null, label: one.label } : one;
}

function showKeys() {
  const chosen = bench.clip ? labelsOf(stage.chosen >= 0 ? [bench.clip.marks[stage.chosen]] : bench.clip.marks) : [];
  $("labels").replaceChildren(...bench.labels.map((label, i) => {
    const key = i < 9 ? make("kbd", {}, `${i + 1}`) : null;
    const own = make("button", { type: "button", "aria-pressed": `${chosen.includes(label)}`, class: "label" },
      key, " ", words(label));
    own.addEventListener("click", (event) => give(label, event.shiftKey));
    return own;
  }));
  $("label-names").replaceChildren(...bench.labels.map((label) => make("option", { value: label })));
}

function placeCursor() {
  const at = $("clip-audio").currentTime || 0;
  if (stage.stop !== null && at >= stage.stop) { stage.stop = null; $("clip-audio").pause(); }
  const playing = !$("clip-audio").paused;
  if (playing && (at < stage.from || at > stage.to)) zoom(1, at);
  $("clip-cursor").style.left = `${percent(at)}%`;
  $("clip-cursor").hidden = at < stage.from || at > stage.to;
  $("clip-time").textContent = `${clock(at, true)} / ${clock(stage.seconds, true)}`;
  $("clip-play").textContent = playing ? "Pause" : "Play";
  if (playing) requestAnimationFrame(placeCursor);
}

function zoom(by, around = $("clip-audio").currentTime) {
  const span = Math.min(stage.seconds, Math.max(0.25, (stage.to - stage.from) * by));
  stage.from = Math.max(0, Math.min(stage.seconds - span, around - span / 2));
  stage.to = stage.from + span;
  drawClip();
}

// Show what lies by so much of the view before or behind it.
function turn(by) {
  zoom(1, (stage.from + stage.to) / 2 + by * (stage.to - stage.from));
}

// -- changing --------------------------------------------------------------------------------------

function choose(place, show = true) {
  stage.chosen = place;
  stage.draft = null;
  if (show) { showMarks(); return; }
  for (const one of $("marks").children) one.classList.toggle("chosen", +one.dataset.place === place);
  showKeys();
}

// Give a label to the drawn part, the chosen part, or the whole recording.
function give(label, more = false) {
  const clip = bench.clip;
  if (!clip) return;
  bench.last = label;
  const marks = clip.marks.map(asWhole);
  if (stage.draft) {
    const [start_s, end_s] = stage.draft.map(round);
    const added = { start_s, end_s, label };
    stage.draft = null;
    const kept = [...marks.filter((one) => !isWhole(one)), added].sort((a, b) => a.start_s - b.start_s);
    stage.chosen = kept.indexOf(added);
    change(clip, kept);
  } else if (stage.chosen >= 0) {
    change(clip, marks.map((one, i) => (i === stage.chosen ? { ...one, label } : one)));
  } else if (marks.some((one) => !isWhole(one)) && !more) {
    tell("Choose a part or draw one; with Shift the label is of the whole recording.", true);
  } else if (more) {
    const has = marks.some((one) => isWhole(one) && one.label === label);
    const others = marks.filter((one) => !isWhole(one) || (one.label && one.label !== label));
    change(clip, has ? others : [...others, { start_s: null, end_s: null, label }]);
  } else {
    const before = marks.length;
    change(clip, [{ start_s: null, end_s: null, label }]);
    if ($("advance").checked && !before) advance(clip);
  }
}

function accept() {
  const clip = bench.clip, found = clip && !clip.marks.length && bench.proposals.get(clip.id);
  if (stage.draft && bench.last) give(bench.last);
  else if (found && found.parts.length) {
    change(clip, found.parts.map(({ start_s, end_s, label }) => ({ start_s, end_s, label })));
    if ($("advance").checked) advance(clip);
  } else if (found) give(found.label);
  else if (bench.last && (stage.chosen >= 0 || !clip?.marks.length)) give(bench.last);
}

function removeChosen() {
  const clip = bench.clip;
  if (!clip) return;
  if (stage.draft) { stage.draft = null; showMarks(); return; }
  if (stage.chosen < 0 && clip.marks.some((one) => !isWhole(asWhole(one)))) {
    tell("Choose the part that is to go.", true);
    return;
  }
  const kept = stage.chosen >= 0 ? clip.marks.filter((_, i) => i !== stage.chosen) : [];
  stage.chosen = -1;
  if (clip.marks.length) change(clip, kept);
}

function playClip() {
  const audio = $("clip-audio");
  if (!audio.paused) { audio.pause(); return; }
  const part = stage.draft || (stage.chosen >= 0 && [bench.clip.marks[stage.chosen].start_s, bench.clip.marks[stage.chosen].end_s]);
  stage.stop = part ? part[1] : null;
  if (part) audio.currentTime = part[0];
  audio.play().catch(() => tell("It cannot be played here.", true));
}

function seekClip(to) {
  stage.stop = null;
  const at = Math.max(0, Math.min(stage.seconds, to));
  $("clip-audio").currentTime = at;
  if (at < stage.from || at > stage.to) zoom(1, at);
  else placeCursor();
}

// -- the pointer -----------------------------------------------------------------------------------

$("marks").addEventListener("pointerdown", (event) => {
  if (event.button || !stage.seconds) return;
  const box = $("marks").getBoundingClientRect();
  const timeAt = (x) => Math.max(0, Math.min(stage.seconds,
    stage.from + ((x - box.left) / box.width) * (stage.to - stage.from)));
  const own = event.target.closest(".mark"), place = own ? +own.dataset.place : -1;
  const began = timeAt(event.clientX), x = event.clientX;
  const mark = place >= 0 ? bench.clip.marks[place] : null;
  const edges = own?.getBoundingClientRect();
  const edge = mark && (x - edges.left < EDGE_PX ? "start_s" : edges.right - x < EDGE_PX ? "end_s" : "");
  let moved = false, now = null;
  $("marks").setPointerCapture(event.pointerId);
  const move = (next) => {
    moved ||= Math.abs(next.clientX - x) >= LEAST_PX;
    if (!moved || (mark && !edge)) return;
    const t = timeAt(next.clientX);
    if (mark) {
      now = { ...mark, [edge]: round(t) };
      if (now.end_s - now.start_s < LEAST_S) now = null;
      if (now) { own.style.left = `${percent(now.start_s)}%`; own.style.width = `${percent(now.end_s) - percent(now.start_s)}%`; }
    } else {
      stage.chosen = -1;
      stage.draft = [Math.min(began, t), Math.max(began, t)];
      if (stage.draft[1] - stage.draft[0] < LEAST_S) stage.draft = null;
      showMarks();
    }
  };
  const end = (last) => {
    for (const [name, does] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) {
      $("marks").removeEventListener(name, does);
    }
    if (last.type === "pointercancel") { stage.draft = null; showMarks(); return; }
    if (now) {
      stage.chosen = place;
      change(bench.clip, bench.clip.marks.map((one, i) => (i === place ? now : one)));
    } else if (!moved && mark) choose(place);
    else if (!moved) { choose(-1); seekClip(began); }
    else if (stage.draft) tell("Which label? A key, or Enter for the last one.");
  };
  $("marks").addEventListener("pointermove", move);
  $("marks").addEventListener("pointerup", end);
  $("marks").addEventListener("pointercancel", end);
});

// -- keys ------------------------------------------------------------------------------------------

const KEYS = {
  Enter: accept, " ": playClip, Delete: removeChosen, Backspace: removeChosen,
  ArrowDown: () => step(1), ArrowUp: () => step(-1),
  "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2),
  PageDown: () => turn(0.8), PageUp: () => turn(-0.8),
  Escape: () => choose(-1),
  l: () => $("label-name").focus(),
  i: () => { stage.begun = $("clip-audio").currentTime; tell(`A part begins at ${stage.begun.toFixed(2)} s; O ends it.`); },
  o: () => {
    const at = $("clip-audio").currentTime;
    if (stage.begun === null || at - stage.begun < LEAST_S) { tell("I first says where the part begins.", true); return; }
    choose(-1, false);
    stage.draft = [stage.begun, at];
    stage.begun = null;
    showMarks();
    tell("Which label? A key, or Enter for the last one.");
  },
};

document.addEventListener("keydown", (event) => {
  const tag = event.target.tagName;
  if ($("labelling").hidden || !bench.clip || ["INPUT", "SELECT", "TEXTAREA", "SUMMARY"].includes(tag)) return;
  if (tag === "BUTTON" && [" ", "Enter"].includes(event.key) && !event.target.closest("#marks, #clips")) return;
  if (event.ctrlKey || event.metaKey || event.altKey) {
    if (event.key.toLowerCase() !== "z" || event.altKey) return;
    undo();
  } else if (/^Digit[1-9]$/.test(event.code)) {
    const label = bench.labels[+event.code.slice(5) - 1];
    if (label) give(label, event.shiftKey);
  } else if (["ArrowLeft", "ArrowRight"].includes(event.key)) {
    const by = (event.shiftKey ? 0.1 : 1) * (event.key === "ArrowLeft" ? -1 : 1);
    seekClip($("clip-audio").currentTime + by);
  } else {
    const does = KEYS[event.key] || KEYS[event.key.toLowerCase()];
    if (!does) return;
    does();
  }
  event.preventDefault();
});

$("new-label").addEventListener("submit", (event) => {
  event.preventDefault();
  const label = $("label-name").value.split(/\s+/).filter(Boolean).join(" ");
  $("label-name").value = "";
  $("label-name").blur();
  if (label) give(label);
});
$("label-name").addEventListener("keydown", (event) => { if (event.key === "Escape") $("label-name").blur(); });
$("nothing").addEventListener("click", () => change(bench.clip, [{ start_s: null, end_s: null, label: "" }]));
$("clip-play").addEventListener("click", playClip);
$("earlier").addEventListener("click", () => turn(-0.8));
$("later").addEventListener("click", () => turn(0.8));
$("zoom-in").addEventListener("click", () => zoom(0.5));
$("zoom-out").addEventListener("click", () => zoom(2));
for (const name of ["play", "pause", "timeupdate", "ended", "seeked"]) $("clip-audio").addEventListener(name, placeCursor);
window.addEventListener("resize", drawClip);
