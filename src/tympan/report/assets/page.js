// What every page does: one sound at a time, sortable tables, nothing folded on paper.
"use strict";

const clockText = (s, digits) => {
  const unit = 10 ** digits, whole = Math.floor(Math.round(s * unit) / unit + 1e-9);
  const h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60;
  const two = (n) => String(n).padStart(2, "0");
  const rest = digits ? "." + String(Math.round((s - whole) * unit)).padStart(digits, "0") : "";
  return (h ? h + ":" + two(m) : m) + ":" + two(whole % 60) + rest;
};
const clock = (s, fine) => clockText(fine ? Math.floor(s * 10 + 1e-6) / 10 : s, fine ? 1 : 0);

// Slaney's mel scale: the vertical axis of the spectrogram.
const melToHz = (mel) => (mel < 15 ? (mel * 200) / 3 : 1000 * Math.exp((Math.log(6.4) / 27) * (mel - 15)));
const hzToMel = (hz) => (hz < 1000 ? (hz * 3) / 200 : 15 + (Math.log(hz / 1000) * 27) / Math.log(6.4));

for (const audio of document.querySelectorAll("audio")) {
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
