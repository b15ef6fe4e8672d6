// The page of `tympan label`: shows a moment, sends what is said of it, shows the next one.
"use strict";

const at = (id) => document.getElementById(id);
const sound = at("sound");
let now = null, busy = false, over = false, also = new Set(), played = false;

const make = (tag, text, name) => {
  const one = document.createElement(tag);
  one.textContent = text;
  if (name) one.className = name;
  return one;
};

const ticks = (place, list, side) => place.replaceChildren(...list.map((tick) => {
  const one = make("span", tick.text);
  one.style[side] = tick.at + "%";
  if (side === "left") one.className = tick.at > 96 ? "end" : tick.at < 3 ? "start" : "";
  return one;
}));

const complain = (text) => {
  at("problem").textContent = text;
  at("problem").hidden = !text;
};

const chips = (labels) => {
  const rest = labels.map((one) => one.name).filter((name) => now && name !== now.label).slice(0, 9);
  at("others").hidden = !rest.length;
  at("also").replaceChildren(...rest.map((name, i) => {
    const chip = make("button", name + " ");
    chip.type = "button";
    chip.append(make("kbd", String(i + 1)));
    chip.setAttribute("aria-pressed", "false");
    chip.addEventListener("click", () => {
      if (!also.delete(name)) also.add(name);
      chip.setAttribute("aria-pressed", String(also.has(name)));
    });
    return chip;
  }));
};

const show = (state) => {
  now = state.suggestion;
  also = new Set();
  complain(state.message);
  at("counts").replaceChildren(...state.labels.map((one) => {
    const row = make("tr", "");
    const head = make("th", one.name);
    head.scope = "row";
    row.append(head, make("td", one.yes, "number"), make("td", one.no, "number"));
    return row;
  }));
  at("kept").textContent = state.kept;
  at("undo").disabled = !state.undo;
  for (const id of ["yes", "no", "skip", "again"]) at(id).disabled = !now;
  at("moment").hidden = !now;
  chips(state.labels);
  if (!now) {
    at("question").textContent = "No more moments";
    at("why").textContent = "Everything that is scored was answered or skipped.";
    return;
  }
  at("question").textContent = "Is it " + now.label + "?";
  at("why").textContent = now.why + " · score " + now.score;
  at("file").textContent = now.name;
  at("when").textContent = now.when;
  at("picture").src = now.image;
  ticks(at("y"), now.y_ticks, "bottom");
  at("y").append(make("span", "Hz", "unit"));
  ticks(at("x"), now.x_ticks, "left");
  sound.src = now.audio;
  // Browsers play nothing before the first key or click.
  if (played) sound.play().catch(() => {});
};

const send = async (what, content) => {
  if (busy || over) return;
  busy = true;
  try {
    const asked = content === undefined
      ? { cache: "no-store" }
      : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content) };
    const reply = await fetch(what, asked);
    const state = await reply.json();
    if (state.over) {
      over = true;
      sound.pause();
      at("question").textContent = "Finished";
      at("why").textContent = state.kept + " This page can be closed.";
      for (const one of document.querySelectorAll("main section")) one.hidden = true;
    } else if ("labels" in state) show(state);
    else complain(state.message);
  } catch {
    complain("tympan does not answer: is the command still running?");
  } finally {
    busy = false;
  }
};

const say = (answer) => {
  played = true;
  if (now) send("answer", { row: now.row, label: now.label, answer, also: [...also] });
};
const play = () => {
  played = true;
  sound.currentTime = 0;
  sound.play().catch(() => {});
};
const undo = () => { if (!at("undo").disabled) send("undo", {}); };
const add = () => {
  const name = at("newname").value.trim();
  if (!name || !now) return;
  at("newname").value = "";
  at("newname").blur();
  send("label", { row: now.row, label: now.label, name });
};

at("yes").addEventListener("click", () => say("yes"));
at("no").addEventListener("click", () => say("no"));
at("none").addEventListener("click", () => say("none"));
at("skip").addEventListener("click", () => say("skip"));
at("undo").addEventListener("click", undo);
at("again").addEventListener("click", play);
at("add").addEventListener("click", add);
at("done").addEventListener("click", () => send("finish", {}));
at("newname").addEventListener("keydown", (event) => { if (event.key === "Enter") add(); });

addEventListener("keydown", (event) => {
  if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = { y: () => say("yes"), n: () => say("no"), s: () => say("skip"), u: undo };
  const key = event.key.toLowerCase();
  if (event.key === " ") {
    event.preventDefault(); // a space would scroll, or press a button that has the focus
    play();
  } else if (key === "0" && !at("others").hidden) say("none");
  else if (keys[key]) keys[key]();
  else if (/^[1-9]$/.test(key)) at("also").children[Number(key) - 1]?.click();
});

send("state");
