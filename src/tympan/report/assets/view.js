// The part of the recording that the pictures show: zoom, pan, and fine drawing of a short part.

// Beyond this, the pictures of the whole recording would be stretched without sense.
const MOST_STRETCHED = 200;
const FINE_S = 600; // so much is drawn anew from the sound itself

class View {
  constructor(stage, duration, sound) {
    Object.assign(this, { stage, duration, sound, from: 0, to: duration });
    this.ticks = stage.querySelector(".timeaxis .ticks");
    this.wholeTicks = this.ticks.innerHTML;
    this.pictures = [...stage.querySelectorAll(".wave .plot, .spectrogram .plot")];
    this.segments = [...stage.querySelectorAll(".lane button")];
    this.bar = stage.querySelector(".timebar");
    this.canvases = [];
    this.shortest = sound.broken ? Math.min(duration, duration / 40) : Math.min(duration, 0.05);
    this.changed = () => {};
  }

  get span() { return this.to - this.from; }
  get whole() { return this.span >= this.duration * 0.9999; }
  place(t) { return (100 * (t - this.from)) / this.span; }

  set(from, span) {
    span = Math.max(this.shortest, Math.min(this.duration, span));
    this.from = Math.max(0, Math.min(this.duration - span, from));
    this.to = this.from + span;
    this.draw();
  }

  // Zoom so that the moment `around` stays where it is.
  zoom(factor, around) {
    const share = (around - this.from) / this.span;
    const span = Math.max(this.shortest, Math.min(this.duration, this.span * factor));
    this.set(around - share * span, span);
  }

  // Turn the page when the player leaves it.
  follow(t) {
    if (this.whole || this.turning || (t >= this.from && t < Math.min(this.to, this.duration - 1e-3))) return;
    if (t > this.duration - this.span && this.to > this.duration - 1e-3) return; // the last page
    this.turning = true;
    this.set(t, this.span);
    this.turning = false;
  }

  draw() {
    const stretched = this.duration / this.span;
    this.stage.classList.toggle("zoomed", !this.whole);
    for (const plot of this.pictures) {
      const coarse = plot.querySelector("svg, img");
      const left = Number(plot.dataset.left || 0), wide = Number(plot.dataset.wide || 100);
      coarse.style.left = -this.from / this.span * 100 + left * stretched + "%";
      coarse.style.width = wide * stretched + "%";
      coarse.style.visibility = stretched > MOST_STRETCHED ? "hidden" : "";
    }
    for (const c of this.canvases) this.lay(c);
    this.drawTicks();
    this.drawSegments();
    this.bar.hidden = this.whole;
    const thumb = this.bar.firstElementChild;
    thumb.style.left = (100 * this.from) / this.duration + "%";
    thumb.style.width = (100 * this.span) / this.duration + "%";
    this.bar.setAttribute("aria-valuenow", this.from.toFixed(2));
    this.bar.setAttribute("aria-valuetext", clock(this.from, true) + " to " + clock(this.to, true));
    this.changed();
    clearTimeout(this.waiting);
    if (this.whole) this.dropFine();
    else if (this.span <= FINE_S && !this.sound.broken) this.waiting = setTimeout(() => this.fine(), 120);
  }

  drawTicks() {
    if (this.whole) { this.ticks.innerHTML = this.wholeTicks; return; }
    const most = this.ticks.clientWidth < 500 ? 4 : 8;
    const step = STEPS_S.find((s) => this.span / s <= most) || this.span;
    const digits = step < 1 ? Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) : 0;
    this.ticks.replaceChildren();
    for (let t = Math.ceil(this.from / step) * step; t <= this.to + 1e-9; t += step) {
      const tick = document.createElement("span");
      tick.style.left = this.place(t) + "%";
      tick.className = (this.place(t) > 96 ? "end" : "") + (this.place(t) < 3 ? " start" : "");
      tick.textContent = this.to < 60 ? t.toFixed(digits) + " s" : clockText(t, digits);
      this.ticks.append(tick);
    }
  }

  drawSegments() {
    const lanes = new Set();
    for (const button of this.segments) {
      const start = Number(button.dataset.start), end = Number(button.dataset.end);
      const seen = end > this.from && start < this.to;
      button.hidden = !seen;
      if (!seen) continue;
      const left = Math.max(0, this.place(start)), right = Math.min(100, this.place(end));
      button.style.left = left + "%";
      button.style.width = right - left + "%";
      button.tabIndex = lanes.has(button.parentNode) ? -1 : 0;
      lanes.add(button.parentNode);
    }
  }

  dropFine() {
    for (const c of this.canvases) c.remove();
    this.canvases = [];
  }

  lay(canvas) {
    const span = canvas.to - canvas.from;
    canvas.style.left = this.place(canvas.from) + "%";
    canvas.style.width = (100 * span) / this.span + "%";
  }

  fine() {
    // With a margin, so that the next step aside is there already.
    const margin = this.span <= FINE_S / 3 ? this.span : 0;
    const from = Math.max(0, this.from - margin), to = Math.min(this.duration, this.to + margin);
    const have = this.sound.has(this.from, this.to);
    this.sound.need(have ? this.from : from, have ? this.to : to, () => {
      if (this.whole || !this.sound.has(this.from, this.to)) return;
      const drawn = this.pictures.map((plot) => {
        const canvas = document.createElement("canvas");
        Object.assign(canvas, { from: this.from, to: this.to });
        const ratio = Math.min(2, devicePixelRatio || 1);
        canvas.width = Math.max(1, Math.round(plot.clientWidth * ratio));
        canvas.height = Math.max(1, Math.round(plot.clientHeight * ratio));
        canvas.setAttribute("aria-hidden", "true");
        if (plot.dataset.top) drawSpectrogram(canvas, plot, this.sound.part);
        else drawWave(canvas, plot, this.sound.part);
        plot.append(canvas);
        return canvas;
      });
      this.dropFine();
      this.canvases = drawn;
      for (const c of drawn) this.lay(c);
    });
  }
}

const STEPS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120,
  300, 600, 900, 1800, 3600, 7200];

// The lowest and highest sample of each column; single samples once they are far enough apart.
const drawWave = (canvas, plot, part) => {
  const pen = canvas.getContext("2d"), { width, height } = canvas;
  const style = getComputedStyle(plot);
  pen.fillStyle = style.backgroundColor;
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = pen.strokeStyle = style.getPropertyValue("--wave");
  const wave = part.channels[Math.min(part.channels.length - 1, Number(plot.dataset.channel))];
  const peak = Number(plot.dataset.peak), middle = height / 2, half = 0.49 * height;
  const first = (canvas.from - part.from) * part.rate, per = ((canvas.to - canvas.from) * part.rate) / width;
  if (per < 2) {
    pen.beginPath();
    for (let i = Math.max(0, Math.floor(first)); i <= first + per * width + 1 && i < wave.length; i++) {
      pen.lineTo((i - first) / per, middle - (half * wave[i]) / peak);
    }
    pen.lineWidth = 2;
    pen.stroke();
    return;
  }
  for (let x = 0; x < width; x++) {
    let low = Infinity, high = -Infinity;
    const end = Math.min(wave.length, Math.ceil(first + (x + 1) * per));
    for (let i = Math.max(0, Math.floor(first + x * per)); i < end; i++) {
      if (wave[i] < low) low = wave[i];
      if (wave[i] > high) high = wave[i];
    }
    if (high >= low) pen.fillRect(x, middle - (half * high) / peak, 1, Math.max(1, (half * (high - low)) / peak));
  }
};

// As the picture of the whole recording is drawn: mel axis, the same colours, the same reference.
const drawSpectrogram = (canvas, plot, part) => {
  const rows = 256, columns = Math.min(canvas.width, 1200);
  const spectra = new Spectra(powerOfTwo(0.046 * part.rate));
  const top = hzToMel(Number(plot.dataset.top)), perBin = part.rate / spectra.n;
  const edges = Float64Array.from({ length: rows + 1 }, (_, i) => melToHz((top * i) / rows) / perBin);
  const reference = Number(plot.dataset.reference), range = Number(plot.dataset.range);
  const colours = colourTable(plot.dataset.colours);
  const small = document.createElement("canvas");
  small.width = columns; small.height = rows;
  const pen = small.getContext("2d"), image = pen.createImageData(columns, rows);
  const step = ((canvas.to - canvas.from) * part.rate) / columns;
  const frames = Math.max(1, Math.min(3, Math.round(step / (spectra.n / 2))));
  const sum = new Float32Array(spectra.n / 2 + 1);
  for (let x = 0; x < columns; x++) {
    sum.fill(0);
    for (let f = 0; f < frames; f++) {
      const middle = (canvas.from - part.from) * part.rate + (x + (f + 0.5) / frames) * step;
      const power = spectra.at(part.channels, Math.round(middle));
      for (let k = 0; k < sum.length; k++) sum[k] += power[k] / frames;
    }
    for (let row = 0; row < rows; row++) {
      const low = Math.ceil(edges[row]), high = Math.floor(edges[row + 1]);
      let value = 0;
      if (high >= low) for (let k = low; k <= high && k < sum.length; k++) value = Math.max(value, sum[k]);
      else {
        const centre = (edges[row] + edges[row + 1]) / 2, below = Math.min(Math.floor(centre), sum.length - 2);
        if (centre < sum.length) value = sum[below] + (sum[below + 1] - sum[below]) * (centre - below);
      }
      const bright = Math.max(0, Math.min(1, (decibel(value) - reference) / range + 1));
      const at = 4 * ((rows - 1 - row) * columns + x), from = 3 * Math.round(255 * bright);
      for (let c = 0; c < 3; c++) image.data[at + c] = colours[from + c];
      // Above what the copy of the sound holds, the picture of the whole shines through.
      image.data[at + 3] = edges[row] < spectra.n / 2 ? 255 : 0;
    }
  }
  pen.putImageData(image, 0, 0);
  canvas.getContext("2d").drawImage(small, 0, 0, canvas.width, canvas.height);
};

// "#000004,#231151,…" as 256 colours.
const colourTable = (text) => {
  const stops = text.split(",").map((s) => [1, 3, 5].map((i) => parseInt(s.slice(i, i + 2), 16)));
  const table = new Uint8ClampedArray(768);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1), below = Math.min(Math.floor(at), stops.length - 2);
    for (let c = 0; c < 3; c++) table[3 * i + c] = stops[below][c] + (stops[below + 1][c] - stops[below][c]) * (at - below);
  }
  return table;
};
