// Link the player with its pictures: one cursor, click and keys to seek, zoom, segments to play.

const startStage = (stage) => {
  const audio = document.getElementById(stage.dataset.audio);
  const duration = Number(stage.dataset.duration);
  const find = (name) => stage.querySelector(name);
  const hit = find(".hit"), cursor = find(".cursor"), hover = find(".hover"), readout = find(".readout");
  const sound = new Sound(audio);
  const view = new View(stage, duration, sound);
  const atCursor = spectrumAtCursor(sound, duration);
  const why = whyPanel(stage);
  const spoken = spokenWords(stage, (t) => { seek(t); play(); });
  let stopAt = null; // the end of a segment that is played alone
  let wanted = null; // where to go once the sound is loaded

  const now = () => Math.min(duration, wanted !== null ? wanted : audio ? audio.currentTime : 0);
  const playing = () => audio && !audio.paused && !audio.ended;
  let pressed = null; // the button whose part is playing
  const mark = (button) => {
    if (pressed && pressed.classList.contains("plain")) pressed.textContent = "Play";
    pressed = button;
    if (pressed && pressed.classList.contains("plain")) pressed.textContent = "Stop";
  };
  const draw = () => {
    const t = now();
    if (playing()) view.follow(t);
    cursor.style.left = view.place(t) + "%";
    cursor.hidden = t < view.from || t > view.to;
    hit.setAttribute("aria-valuenow", t.toFixed(2));
    hit.setAttribute("aria-valuetext", clock(t, true) + " of " + clock(duration, true));
    why.at(t);
    spoken(t);
    atCursor(t, playing());
    if (stopAt !== null && t >= stopAt) { stopAt = null; audio.pause(); }
  };
  view.changed = draw;
  const tick = () => { draw(); if (playing()) requestAnimationFrame(tick); };
  const seek = (t, end = null) => {
    stopAt = end;
    const to = Math.max(0, Math.min(duration, t));
    if (audio && audio.readyState > 0) audio.currentTime = to; else wanted = to;
    if (to < view.from || to > view.to) view.set(to - view.span / 2, view.span);
    draw();
  };
  const play = () => audio && audio.play().catch(() => {});
  const toggle = () => audio && (audio.paused ? play() : audio.pause());

  if (audio) {
    audio.addEventListener("play", tick);
    for (const end of ["pause", "ended"]) audio.addEventListener(end, () => { if (audio.paused) mark(null); });
    audio.addEventListener("timeupdate", draw);
    audio.addEventListener("seeked", draw);
    audio.addEventListener("loadedmetadata", () => {
      if (wanted !== null) { audio.currentTime = wanted; wanted = null; }
    });
    audio.addEventListener("error", () => { find(".noplay").hidden = false; });
  }

  // -- the pointer
  const timeAt = (event) => {
    const box = hit.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    return view.from + share * view.span;
  };
  let dragging = false;
  hit.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    dragging = true;
    hit.setPointerCapture(event.pointerId);
    seek(timeAt(event));
  });
  hit.addEventListener("pointerup", () => { dragging = false; });
  hit.addEventListener("pointercancel", () => { dragging = false; });
  hit.addEventListener("pointermove", (event) => {
    const t = timeAt(event);
    if (dragging) seek(t);
    hover.style.visibility = "visible";
    hover.style.left = view.place(t) + "%";
    let text = clockText(Math.floor(t * 1000) / 1000, view.span < 2 ? 3 : 1);
    const picture = find(".spectrogram .plot"), box = picture.getBoundingClientRect();
    if (event.clientY >= box.top && event.clientY <= box.bottom) {
      const hz = melToHz((hzToMel(Number(picture.dataset.top)) * (box.bottom - event.clientY)) / box.height);
      text += " · " + (hz < 1000 ? Math.round(hz) + " Hz" : (hz / 1000).toFixed(1) + " kHz");
    }
    readout.textContent = text;
  });
  hit.addEventListener("pointerleave", () => { hover.style.visibility = "hidden"; readout.textContent = ""; });
  hit.addEventListener("dblclick", (event) => view.zoom(0.25, timeAt(event)));
  find(".shared").addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey) view.zoom(Math.exp(event.deltaY / 200), timeAt(event));
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) && !view.whole) {
      view.set(view.from + (event.deltaX / hit.clientWidth) * view.span, view.span);
    } else return;
    event.preventDefault();
  }, { passive: false });

  // -- zoom
  const around = () => (now() >= view.from && now() <= view.to ? now() : (view.from + view.to) / 2);
  const zooms = { in: () => view.zoom(0.5, around()), out: () => view.zoom(2, around()), all: () => view.set(0, duration) };
  for (const button of stage.querySelectorAll("[data-zoom]")) button.addEventListener("click", zooms[button.dataset.zoom]);
  find(".zooms").classList.remove("waiting");
  const bar = view.bar;
  const slide = (event) => {
    const box = bar.getBoundingClientRect();
    view.set((duration * (event.clientX - box.left)) / box.width - view.span / 2, view.span);
  };
  bar.addEventListener("pointerdown", (event) => { bar.setPointerCapture(event.pointerId); slide(event); });
  bar.addEventListener("pointermove", (event) => { if (event.buttons) slide(event); });
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 0.2, ArrowLeft: -0.2, PageDown: 1, PageUp: -1, Home: -1e9, End: 1e9 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    view.set(view.from + by * view.span, view.span);
  });

  // -- keys: on the pictures all of them, elsewhere those that do nothing else there
  const step = () => (view.span > 60 ? 5 : view.span / 50);
  const anywhere = {
    ArrowRight: () => seek(now() + step()), ArrowLeft: () => seek(now() - step()), " ": toggle,
    "+": zooms.in, "=": zooms.in, "-": zooms.out, 0: zooms.all,
  };
  const onPicture = {
    ...anywhere, ArrowUp: anywhere.ArrowRight, ArrowDown: anywhere.ArrowLeft, Enter: play,
    PageUp: () => seek(now() + view.span / 10), PageDown: () => seek(now() - view.span / 10),
    Home: () => seek(0), End: () => seek(duration),
  };
  const zoomKeys = ["+", "=", "-", "0"];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const on = event.target === hit;
    const uses = zoomKeys.includes(event.key) ? "input, select, textarea"
      : "button, a, summary, audio, input, select, textarea, [tabindex]";
    if (!on && event.target.closest(uses)) return;
    const act = (on ? onPicture : anywhere)[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // -- segments
  for (const button of document.querySelectorAll(`[data-plays="${stage.dataset.audio}"]`)) {
    button.addEventListener("click", () => {
      if (button === pressed && button.classList.contains("plain")) return void audio.pause();
      why.show(button);
      mark(button);
      seek(Number(button.dataset.start), Number(button.dataset.end));
      play();
    });
    button.addEventListener("pointerenter", () => { readout.textContent = button.getAttribute("aria-label"); });
  }
  // Within a lane the arrow keys move; Tab goes to the next lane.
  for (const lane of stage.querySelectorAll(".lane")) {
    lane.addEventListener("keydown", (event) => {
      const buttons = [...lane.querySelectorAll("button:not([hidden])")], i = buttons.indexOf(event.target);
      const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (to === undefined || !buttons[to]) return;
      event.preventDefault();
      buttons.forEach((b) => { b.tabIndex = -1; });
      buttons[to].tabIndex = 0;
      buttons[to].focus();
    });
  }

  addEventListener("beforeprint", zooms.all);
  draw();
};

// Words light up while they are spoken; a press on one plays from there.
const spokenWords = (stage, playFrom) => {
  const texts = [...document.querySelectorAll("[data-word]")].map((node) => ({ node, from: Number(node.dataset.word), till: Number(node.dataset.till) }));
  const bars = [...stage.querySelectorAll(".lane.written button")].map((node) => ({ node, from: Number(node.dataset.start), till: Number(node.dataset.end) }));
  for (const one of texts) one.node.addEventListener("click", () => playFrom(one.from));
  const all = [...texts, ...bars];
  let lit = [];
  return (t) => {
    const now = all.filter((one) => t >= one.from && t < one.till && t > 0);
    if (now.length === lit.length && now.every((one, i) => one === lit[i])) return;
    for (const one of lit) one.node.classList.remove("now");
    for (const one of now) one.node.classList.add("now");
    lit = now;
  };
};

// The reason for a segment, beside it: a copy of its picture from the section below.
const whyPanel = (stage) => {
  const panel = stage.querySelector(".whypanel");
  if (!panel) return { show: () => {}, at: () => {} };
  const line = panel.querySelector("i"), image = panel.querySelector("img");
  let shown = null;
  return {
    show(button) {
      const card = document.getElementById(button.dataset.why);
      if (!card || !button.closest(".lanes")) return;
      shown = { start: Number(card.dataset.start), end: Number(card.dataset.end) };
      panel.hidden = false;
      const picture = card.querySelector("img");
      image.src = picture.src;
      image.alt = picture.alt;
      panel.querySelector(".head").textContent = "Why " + card.dataset.label + "?";
      const own = button.dataset.own === "1";
      panel.querySelector(".note").textContent = (own ? "" : "This segment has no picture of its own; here is the clearest of its kind. ") +
        card.dataset.text + " Bright places raised the score, dark ones did not matter.";
      panel.querySelector(".gutter").replaceWith(card.querySelector(".gutter").cloneNode(true));
      panel.querySelector(".timeaxis").replaceWith(card.querySelector(".timeaxis").cloneNode(true));
      for (const b of stage.querySelectorAll(".lane [aria-current]")) b.removeAttribute("aria-current");
      button.setAttribute("aria-current", "true");
    },
    at(t) {
      line.hidden = !shown || t < shown.start || t > shown.end;
      if (!line.hidden) line.style.left = (100 * (t - shown.start)) / (shown.end - shown.start) + "%";
    },
  };
};

// Draw the spectrum of the moment over that of the whole recording.
const spectrumAtCursor = (sound, duration) => {
  const chart = document.querySelector(".chart.live");
  if (!chart || sound.broken) return () => {};
  const plot = chart.querySelector(".body .plot"), path = plot.querySelector("path.now");
  const told = chart.querySelector(".told");
  const [low, high, bottom, top] = ["low", "high", "bottom", "top"].map((k) => Number(plot.dataset[k]));
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let spectra = null, drawnAt = -1, last = -Infinity, touched = false;
  const show = (t) => {
    const { part } = sound;
    if (!spectra) spectra = new Spectra(powerOfTwo(0.1 * part.rate));
    const power = spectra.at(part.channels, Math.round((t - part.from) * part.rate));
    const perBin = part.rate / spectra.n, points = 320, shape = [];
    for (let i = 0; i < points; i++) {
      const at = low * (high / low) ** (i / (points - 1)) / perBin;
      const next = low * (high / low) ** ((i + 1) / (points - 1)) / perBin;
      if (at >= power.length - 1) break;
      let value = power[Math.floor(at)] + (power[Math.floor(at) + 1] - power[Math.floor(at)]) * (at % 1);
      for (let k = Math.ceil(at); k < next && k < power.length; k++) value = Math.max(value, power[k]);
      const y = Math.max(0, Math.min(1, (decibel(value) - bottom) / (top - bottom)));
      shape.push(((1000 * i) / (points - 1)).toFixed(0) + " " + (1000 * (1 - y)).toFixed(0));
    }
    path.setAttribute("d", "M" + shape.join("L"));
    told.textContent = "At the cursor, " + clock(t, true) + ": " + tonesOf(power, perBin) + ".";
    drawnAt = t;
  };
  return (t, playing) => {
    touched = touched || playing || t > 0;
    if (!touched || t === drawnAt) return;
    const pause = playing ? (calm.matches ? 1000 : 60) : 0;
    if (performance.now() - last < pause) return;
    last = performance.now();
    const half = 0.06;
    if (sound.has(Math.max(0, t - half), Math.min(duration, t + half))) return void show(t);
    if (!sound.busy) {
      sound.need(Math.max(0, t - 5), Math.min(duration, t + 25), () => {
        if (sound.has(t, t)) show(t);
      });
    }
  };
};

// The three highest peaks that stand apart, in words.
const tonesOf = (power, perBin) => {
  const names = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
  const tops = [];
  for (let k = 3; k < power.length - 3; k++) {
    if (power[k] > 1e-7 && power[k] >= power[k - 1] && power[k] > power[k + 1] && power[k] > 10 * Math.max(power[k - 3], power[k + 3])) tops.push(k);
  }
  tops.sort((a, b) => power[b] - power[a]);
  const text = tops.slice(0, 3).map((k) => {
    const [a, b, c] = [decibel(power[k - 1]), decibel(power[k]), decibel(power[k + 1])];
    // The top of a parabola through three points in dB lies between the bins.
    const shift = (0.5 * (a - c)) / (a - 2 * b + c || 1), high = b - 0.25 * (a - c) * shift;
    const hz = (k + shift) * perBin, n = Math.round(69 + 12 * Math.log2(hz / 440));
    return hz.toFixed(0) + " Hz (" + names[((n % 12) + 12) % 12] + (Math.floor(n / 12) - 1) + ", " + high.toFixed(0).replace("-", "−") + " dB)";
  });
  return text.length ? text.join(", ") : "no single tone stands out";
};

for (const stage of document.querySelectorAll(".stage")) startStage(stage);
