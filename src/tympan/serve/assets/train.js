// Training: begun, stopped and gone on with from here; curves while it runs, its report at the end.
"use strict";

const LOSSES = ["train_loss", "val_loss"];
let following = false;

async function beginTraining(told) {
  for (const one of told.tasks) {
    $("task").append(make("option", { value: one.name }, `${one.name}: ${one.help}`));
  }
  bench.tasks = told.tasks;
  bench.unfinished = told.unfinished;
  aboutTask();
  const now = await (await ask("/v1/folder/training")).json();
  if (now.state !== "none") showTraining(now);
  if (["running", "stopping"].includes(now.state)) follow();
}

function aboutTask() {
  const task = bench.tasks.find((one) => one.name === $("task").value);
  $("task-about").textContent = task ? `It is trained on ${task.trains_on}.` : "";
  $("train-again").hidden = !$("train-stop").hidden || !(bench.unfinished || []).includes($("task").value);
}

async function train(again) {
  const form = $("train").elements;
  const epochs = form.epochs.value === "" ? null : Number(form.epochs.value);
  try {
    await queue; // labels that are still on their way
    const told = await ask("/v1/folder/training",
      { method: "POST", json: { task: form.task.value, epochs, again } });
    showTraining(await told.json());
    follow();
  } catch (error) {
    trainSays(error.message, true);
  }
}

function trainSays(text, bad = false) {
  $("train-status").textContent = text;
  $("train-status").classList.toggle("bad", bad);
}

// Until it ends; where the connection is lost, once more.
async function follow() {
  if (following) return;
  following = true;
  let last = null;
  while (!last || ["running", "stopping"].includes(last.state)) {
    try {
      for await (const [, value] of events(await ask("/v1/folder/training/events"))) {
        last = value;
        showTraining(value);
      }
    } catch {
      trainSays("The server does not answer; trying again …", true);
    }
    await new Promise((done) => setTimeout(done, 1000));
  }
  following = false;
  bench.unfinished = (await (await ask("/v1/folder")).json()).unfinished;
  state.questions = await (await ask("/v1/questions")).json(); // the new model among those that answer
  aboutTask();
}

const STATES = {
  running: "Training …", stopping: "Saving and stopping …", stopped: "Stopped; all is saved. Go on, or begin anew.",
  finished: "Trained. The model is in ", failed: "It could not be trained: ",
};

function showTraining(told) {
  const runs = ["running", "stopping"].includes(told.state);
  $("train-begin").hidden = $("train-again").hidden = runs;
  $("train-stop").hidden = !runs;
  $("train-stop").disabled = told.state === "stopping";
  if (runs) $("task").value = told.task;
  if (!runs) {
    bench.unfinished = [...(bench.unfinished || []).filter((one) => one !== told.task), ...(told.unfinished ? [told.task] : [])];
    aboutTask();
  }
  const last = runs && told.lines.length ? ` ${told.lines[told.lines.length - 1]}` : "";
  const more = { finished: `${told.folder}, and can be chosen under Ask.`, failed: told.error }[told.state] || last;
  trainSays((STATES[told.state] || "") + more, told.state === "failed");
  $("train-log").hidden = !told.lines.length;
  const log = $("train-lines"), low = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
  log.textContent = told.lines.join("\n");
  if (low) log.scrollTop = log.scrollHeight;
  showCurves(told);
  $("train-report").hidden = !told.report;
  if (!told.report) { $("report").replaceChildren(); $("report-link").hidden = true; }
}

// -- curves ----------------------------------------------------------------------------------------

function showCurves(told) {
  const parts = Object.entries(told.curves).filter(([, one]) => one.epochs?.length);
  $("curves").replaceChildren(...parts.flatMap(([name, one]) => {
    const monitor = (one.monitor || "").replace(/^-/, "");
    const shown = [chart("Loss", LOSSES, one.epochs, one.best_epoch)];
    if (monitor && !LOSSES.includes(monitor) && one.epochs.some((row) => monitor in row)) {
      shown.push(chart(words(monitor), [monitor], one.epochs, one.best_epoch));
    }
    return [name ? make("h3", {}, words(name)) : null, make("div", { class: "charts" }, ...shown)].filter(Boolean);
  }));
}

const svg = (tag, attributes, ...children) => {
  const one = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  one.append(...children);
  return one;
};

function chart(title, names, rows, best) {
  const W = 360, H = 150, left = 44, right = 8, top = 8, bottom = 22;
  const kept = names.filter((name) => rows.some((row) => Number.isFinite(row[name])));
  const values = kept.flatMap((name) => rows.map((row) => row[name]).filter(Number.isFinite));
  let low = Math.min(...values), high = Math.max(...values);
  if (high - low < 1e-9) { low -= 0.5; high += 0.5; }
  const x = (epoch) => left + ((W - left - right) * (epoch - 1)) / Math.max(1, rows.length - 1);
  const y = (value) => top + ((H - top - bottom) * (high - value)) / (high - low);
  const picture = svg("svg", { viewBox: `0 0 ${W} ${H}`, role: "img" });
  for (const value of [low, high]) {
    picture.append(svg("line", { x1: left, x2: W - right, y1: y(value), y2: y(value), class: "grid" }),
      svg("text", { x: left - 6, y: y(value) + 4, class: "end" }, value.toPrecision(3)));
  }
  picture.append(svg("text", { x: left, y: H - 4 }, "epoch 1"));
  if (rows.length > 1) picture.append(svg("text", { x: W - right, y: H - 4, class: "end" }, `${rows.length}`));
  if (best > 0) picture.append(svg("line", { x1: x(best), x2: x(best), y1: top, y2: H - bottom, class: "best" }));
  const legend = [];
  kept.forEach((name, i) => {
    const line = rows.filter((row) => Number.isFinite(row[name])).map((row) => [x(row.epoch), y(row[name])]);
    picture.append(svg("polyline", { points: line.map((one) => one.join(",")).join(" "), class: `curve c${i}` }));
    const [px, py] = line[line.length - 1];
    picture.append(svg("circle", { cx: px, cy: py, r: 3, class: `dot c${i}` }));
    const last = rows.findLast((row) => Number.isFinite(row[name]))[name];
    legend.push(make("span", { class: `key c${i}` }, `${words(name)} ${last.toPrecision(3)}`));
  });
  picture.setAttribute("aria-label", `${title} over ${rows.length} epochs: ${legend.map((one) => one.textContent).join(", ")}`);
  return make("figure", {}, make("figcaption", {}, make("b", {}, title), " ", ...legend), picture);
}

// -- the report ------------------------------------------------------------------------------------

async function showReport() {
  try {
    const { address } = await (await ask("/v1/folder/report", { method: "POST", json: {} })).json();
    const frame = make("iframe", { src: address, title: "Report of the training", sandbox: "allow-scripts" });
    $("report").replaceChildren(frame);
    $("report-link").href = address;
    $("report-link").hidden = false;
    frame.scrollIntoView({ block: "nearest" });
  } catch (error) {
    trainSays(error.message, true);
  }
}

$("train").addEventListener("submit", (event) => {
  event.preventDefault();
  train(false);
});
$("train-again").addEventListener("click", () => train(true));
$("train-stop").addEventListener("click", () => {
  ask("/v1/folder/training", { method: "DELETE" }).catch((error) => trainSays(error.message, true));
});
$("report-show").addEventListener("click", showReport);
$("task").addEventListener("change", aboutTask);
