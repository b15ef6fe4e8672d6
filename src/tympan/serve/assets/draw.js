// Pictures of a sound: its waveform, and a spectrogram on a logarithmic scale of frequency.
"use strict";

// Radix-2 FFT of a real frame; gives the power of each bin (Cooley and Tukey, 1965).
function power(frame) {
  const n = frame.length;
  const re = Float64Array.from(frame);
  const im = new Float64Array(n);
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [re[i], re[j]] = [re[j], re[i]];
  }
  for (let size = 2; size <= n; size <<= 1) {
    const angle = (-2 * Math.PI) / size;
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < size / 2; k++) {
        const c = Math.cos(angle * k), s = Math.sin(angle * k);
        const a = start + k, b = a + size / 2;
        const x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
        re[b] = re[a] - x; im[b] = im[a] - y;
        re[a] += x; im[a] += y;
      }
    }
  }
  const found = new Float64Array(n / 2);
  for (let i = 0; i < n / 2; i++) found[i] = re[i] * re[i] + im[i] * im[i];
  return found;
}

function fitted(canvas) {
  const scale = Math.min(2, window.devicePixelRatio || 1);
  const width = Math.max(1, Math.round(canvas.clientWidth * scale));
  const height = Math.max(1, Math.round(canvas.clientHeight * scale));
  canvas.width = width;
  canvas.height = height;
  return [canvas.getContext("2d"), width, height];
}

function drawWave(canvas, samples, colour, gain = 1) {
  const [pen, width, height] = fitted(canvas);
  pen.fillStyle = colour;
  const step = samples.length / width;
  for (let x = 0; x < width; x++) {
    let low = 0, high = 0;
    const end = Math.min(samples.length, Math.floor((x + 1) * step) + 1);
    const stride = Math.max(1, Math.floor(step / 200));
    for (let i = Math.floor(x * step); i < end; i += stride) {
      if (samples[i] < low) low = samples[i];
      if (samples[i] > high) high = samples[i];
    }
    const top = ((1 - Math.min(1, high * gain)) / 2) * height;
    const bottom = ((1 - Math.max(-1, low * gain)) / 2) * height;
    pen.fillRect(x, top, 1, Math.max(1, bottom - top));
  }
}

// Perceptually even, from dark violet to light yellow (after matplotlib's "magma").
const STOPS = [[0, 0, 4], [59, 15, 112], [140, 41, 129], [222, 73, 104], [254, 159, 109],
  [252, 253, 191]];

function colourOf(share) {
  const place = Math.min(0.9999, Math.max(0, share)) * (STOPS.length - 1);
  const [a, b] = [STOPS[Math.floor(place)], STOPS[Math.floor(place) + 1]];
  const t = place - Math.floor(place);
  return a.map((value, i) => value + (b[i] - value) * t);
}

function drawSpectrogram(canvas, samples, rate) {
  const [pen, width, height] = fitted(canvas);
  const size = 1024, low = 50, high = Math.min(16000, rate / 2);
  const window_ = Float64Array.from({ length: size },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  const columns = Math.min(width, 900);
  const levels = new Float32Array(columns * height);
  let loudest = -200;
  const frame = new Float64Array(size);
  for (let x = 0; x < columns; x++) {
    const centre = Math.floor(((x + 0.5) * samples.length) / columns);
    for (let i = 0; i < size; i++) {
      const at = centre - size / 2 + i;
      frame[i] = at >= 0 && at < samples.length ? samples[at] * window_[i] : 0;
    }
    const bins = power(frame);
    for (let y = 0; y < height; y++) {
      const hertz = low * (high / low) ** (1 - (y + 0.5) / height);
      const place = (hertz * size) / rate;
      const k = Math.min(bins.length - 2, Math.floor(place));
      const value = bins[k] + (bins[k + 1] - bins[k]) * (place - k);
      const level = 10 * Math.log10(value + 1e-12);
      levels[x * height + y] = level;
      if (level > loudest) loudest = level;
    }
  }
  const image = pen.createImageData(columns, height);
  for (let x = 0; x < columns; x++) {
    for (let y = 0; y < height; y++) {
      const [r, g, b] = colourOf(1 + (levels[x * height + y] - loudest) / 80);
      image.data.set([r, g, b, 255], 4 * (y * columns + x));
    }
  }
  const aside = document.createElement("canvas");
  aside.width = columns;
  aside.height = height;
  aside.getContext("2d").putImageData(image, 0, 0);
  pen.drawImage(aside, 0, 0, width, height);
}
