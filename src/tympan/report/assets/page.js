// Link each player with its pictures: one cursor, click and keys to seek, segments to play.
"use strict";

const clock = (s, fine) => {
  const whole = Math.floor(s), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60;
  const two = (n) => String(n).padStart(2, "0");
  const rest = fine ? "." + String(Math.floor((s - whole) * 10)) : "";
  return (h ? h + ":" + two(m) : m) + ":" + two(whole % 60) + rest;
};

// Slaney's mel scale, backwards: the vertical axis of the spectrogram.
const melToHz = (mel) => (mel < 15 ? (mel * 200) / 3 : 1000 * Math.exp((Math.log(6.4) / 27) * (mel - 15)));
const hzToMel = (hz) => (hz < 1000 ? (hz * 3) / 200 : 15 + (Math.log(hz / 1000) * 27) / Math.log(6.4));

for (const stage of document.querySelectorAll(".stage")) {
  const audio = document.getElementById(stage.dataset.audio);
  const duration = Number(stage.dataset.duration);
  const hit = stage.querySelector(".hit");
  const cursor = stage.querySelector(".cursor");
  const hover = stage.querySelector(".hover");
  const readout = stage.querySelector(".readout");
  let stopAt = null; // the end of a segment that is played alone
  let wanted = null; // where to go once the sound is loaded

  const now = () => (wanted !== null ? wanted : audio ? audio.currentTime : 0);
  const draw = () => {
    const t = Math.min(now(), duration);
    cursor.style.left = (100 * t) / duration + "%";
    hit.setAttribute("aria-valuenow", t.toFixed(2));
    hit.setAttribute("aria-valuetext", clock(t, true) + " of " + clock(duration, true));
    if (stopAt !== null && t >= stopAt) { stopAt = null; audio.pause(); }
  };
  const tick = () => { draw(); if (!audio.paused && !audio.ended) requestAnimationFrame(tick); };
  const seek = (t, end = null) => {
    stopAt = end;
    const to = Math.max(0, Math.min(duration, t));
    if (audio && audio.readyState > 0) audio.currentTime = to; else wanted = to;
    draw();
  };
  const play = () => audio && audio.play().catch(() => {});

  if (audio) {
    audio.addEventListener("play", () => {
      for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
      tick();
    });
    audio.addEventListener("timeupdate", draw);
    audio.addEventListener("seeked", draw);
    audio.addEventListener("loadedmetadata", () => {
      if (wanted !== null) { audio.currentTime = wanted; wanted = null; }
    });
    audio.addEventListener("error", () => {
      const note = stage.querySelector(".noplay");
      if (note) note.hidden = false;
    });
  }

  const timeAt = (event) => {
    const box = hit.getBoundingClientRect();
    return (duration * Math.max(0, Math.min(box.width, event.clientX - box.left))) / box.width;
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
    hover.style.left = (100 * t) / duration + "%";
    let text = clock(t, true);
    const picture = stage.querySelector(".spectrogram .plot");
    const box = picture.getBoundingClientRect();
    if (event.clientY >= box.top && event.clientY <= box.bottom) {
      const top = hzToMel(Number(picture.dataset.top));
      const hz = melToHz((top * (box.bottom - event.clientY)) / box.height);
      text += " · " + (hz < 1000 ? Math.round(hz) + " Hz" : (hz / 1000).toFixed(1) + " kHz");
    }
    readout.textContent = text;
  });
  hit.addEventListener("pointerleave", () => { hover.style.visibility = "hidden"; readout.textContent = ""; });
  hit.addEventListener("dblclick", play);

  const step = duration > 60 ? 5 : duration / 50;
  const keys = {
    ArrowRight: () => seek(now() + step), ArrowUp: () => seek(now() + step),
    ArrowLeft: () => seek(now() - step), ArrowDown: () => seek(now() - step),
    PageUp: () => seek(now() + duration / 10), PageDown: () => seek(now() - duration / 10),
    Home: () => seek(0), End: () => seek(duration),
    " ": () => audio && (audio.paused ? play() : audio.pause()), Enter: play,
  };
  hit.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });

  for (const button of document.querySelectorAll(`[data-plays="${stage.dataset.audio}"]`)) {
    button.addEventListener("click", () => {
      seek(Number(button.dataset.start), Number(button.dataset.end));
      play();
    });
  }

  // Within a lane the arrow keys move; Tab goes to the next lane.
  for (const lane of stage.querySelectorAll(".lane")) {
    const buttons = [...lane.querySelectorAll("button")];
    buttons.forEach((button, i) => button.addEventListener("keydown", (event) => {
      const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (to === undefined || !buttons[to]) return;
      event.preventDefault();
      buttons.forEach((b) => { b.tabIndex = -1; });
      buttons[to].tabIndex = 0;
      buttons[to].focus();
    }));
  }

  draw();
}

for (const audio of document.querySelectorAll(".card audio")) {
  audio.addEventListener("play", () => {
    for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
  });
}

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, i) => row.cells[i].dataset.value ?? row.cells[i].textContent.trim();
  heads.forEach((head, i) => head.querySelector("button").addEventListener("click", () => {
    const numeric = head.classList.contains("number");
    const now = head.getAttribute("aria-sort");
    // The first click shows what one looks for: large numbers, or names from A.
    const up = now ? now === "descending" : !numeric;
    heads.forEach((h) => h.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const sign = up ? 1 : -1;
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => sign * (numeric ? value(a, i) - value(b, i) : value(a, i).localeCompare(value(b, i))));
    table.tBodies[0].append(...rows);
  }));
}

// On paper, lists that are folded on the screen are open.
addEventListener("beforeprint", () => {
  for (const d of document.querySelectorAll("details")) { d.dataset.was = d.open ? "1" : ""; d.open = true; }
});
addEventListener("afterprint", () => {
  for (const d of document.querySelectorAll("details")) d.open = d.dataset.was === "1";
});
