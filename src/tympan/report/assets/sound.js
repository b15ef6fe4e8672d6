// The sound that the page carries, opened up: any few seconds of it as samples, and their spectra.

// Where the frames of an MP3 stand. The page's own encoder writes a constant bit rate.
const mp3Frames = (bytes) => {
  const rates = { 3: [44100, 48000, 32000], 2: [22050, 24000, 16000], 0: [11025, 12000, 8000] };
  const steps = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
  const fewer = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
  let at = 0, rate = 0, per = 0, skip = 1105;
  if (bytes[0] === 0x49 && bytes[1] === 0x44 && bytes[2] === 0x33) {
    at = 10 + ((bytes[6] << 21) | (bytes[7] << 14) | (bytes[8] << 7) | bytes[9]);
  }
  const starts = [];
  while (at + 4 < bytes.length) {
    const version = (bytes[at + 1] >> 3) & 3, step = bytes[at + 2] >> 4;
    if (bytes[at] !== 0xff || bytes[at + 1] < 0xe0 || version === 1 || step === 0 || step === 15) break;
    rate = rates[version][(bytes[at + 2] >> 2) & 3];
    per = version === 3 ? 1152 : 576;
    const kbit = (version === 3 ? steps : fewer)[step];
    const size = Math.floor((per * 125 * kbit) / rate) + ((bytes[at + 2] >> 1) & 1);
    const side = version === 3 ? (bytes[at + 3] >> 6 === 3 ? 17 : 32) : bytes[at + 3] >> 6 === 3 ? 9 : 17;
    const tag = String.fromCharCode(...bytes.subarray(at + 4 + side, at + 8 + side));
    if (tag === "Info" || tag === "Xing") {
      // What the encoder put before the first sample; every decoder adds 529.
      const lame = at + 4 + side + 120;
      skip = ((bytes[lame + 21] << 4) | (bytes[lame + 22] >> 4)) + 529;
    } else starts.push(at);
    at += size;
  }
  starts.push(Math.min(at, bytes.length));
  return starts.length > 1 && rate ? { starts, rate, per, skip } : null;
};

class Sound {
  // `audio`: an <audio> element that holds its sound as a data: address.
  constructor(audio) {
    this.src = audio ? audio.getAttribute("src") : "";
    this.part = null; // the samples at hand: { from, to, rate, channels }
    this.busy = null;
    this.broken = !this.src.startsWith("data:") || typeof OfflineAudioContext === "undefined";
  }

  open() {
    if (this.bytes || this.broken) return;
    const text = atob(this.src.slice(this.src.indexOf(",") + 1));
    this.bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[i] = text.charCodeAt(i);
    if (this.src.startsWith("data:audio/wav")) return;
    this.frames = mp3Frames(this.bytes);
    if (!this.frames) this.broken = true;
  }

  has(from, to) {
    const p = this.part;
    return p && p.from <= from + 1e-6 && p.to >= to - 1e-6;
  }

  // Decode `from` to `to` seconds, one request at a time; `then` is called when they are there.
  need(from, to, then) {
    if (this.broken || this.has(from, to)) return this.broken ? undefined : then();
    if (this.busy) { this.next = [from, to, then]; return undefined; }
    this.busy = true;
    return this.decode(from, to).then((part) => { this.part = part; }, () => { this.broken = true; })
      .then(() => {
        this.busy = null;
        const next = this.next;
        this.next = null;
        if (!this.broken) then();
        if (next) this.need(...next);
      });
  }

  async decode(from, to) {
    this.open();
    if (this.broken) throw new Error("no sound");
    if (!this.frames) return this.decodeWhole();
    const { starts, rate, per, skip } = this.frames;
    // A frame leans on those before it: begin a few earlier, and drop what they give.
    const first = Math.max(0, Math.floor((from * rate + skip) / per) - 12);
    const last = Math.min(starts.length - 1, Math.ceil((to * rate + skip) / per) + 2);
    const data = this.bytes.slice(starts[Math.min(first, starts.length - 2)], starts[last]);
    const context = new OfflineAudioContext(1, 1, rate);
    const found = await context.decodeAudioData(data.buffer);
    const begin = Math.round(from * rate) + skip - first * per;
    const count = Math.max(1, Math.round((to - from) * rate));
    const channels = [];
    for (let c = 0; c < found.numberOfChannels; c++) {
      channels.push(found.getChannelData(c).slice(Math.max(0, begin), begin + count));
    }
    return { from, to, rate, channels };
  }

  // WAV is only carried of short recordings: decode all of it, once.
  async decodeWhole() {
    const b = this.bytes, rate = new DataView(b.buffer).getUint32(24, true);
    const found = await new OfflineAudioContext(1, 1, rate).decodeAudioData(b.buffer);
    const channels = [];
    for (let c = 0; c < found.numberOfChannels; c++) channels.push(found.getChannelData(c));
    return { from: 0, to: Infinity, rate, channels };
  }
}

// Power spectra of real frames of n samples under a Hann window; a full-scale sine has 1.
class Spectra {
  constructor(n) {
    this.n = n;
    this.power = new Float32Array(n / 2 + 1);
    this.re = new Float64Array(n);
    this.im = new Float64Array(n);
    this.window = Float64Array.from({ length: n }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n));
    this.cos = Float64Array.from({ length: n / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / n));
    this.sin = Float64Array.from({ length: n / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / n));
    const bits = Math.log2(n);
    this.order = Uint32Array.from({ length: n }, (_, i) => {
      let back = 0;
      for (let b = 0; b < bits; b++) back |= ((i >> b) & 1) << (bits - 1 - b);
      return back;
    });
  }

  // The frame centred on sample `middle`, averaged over the channels.
  at(channels, middle) {
    const { n, re, im, power } = this;
    power.fill(0);
    for (const wave of channels) {
      for (let i = 0; i < n; i++) {
        const from = middle - n / 2 + this.order[i];
        re[i] = from >= 0 && from < wave.length ? wave[from] * this.window[this.order[i]] : 0;
        im[i] = 0;
      }
      this.transform();
      const scale = 16 / (n * n * channels.length);
      for (let k = 0; k <= n / 2; k++) power[k] += scale * (re[k] * re[k] + im[k] * im[k]);
    }
    return power;
  }

  // Cooley and Tukey, 1965, on the reordered frame.
  transform() {
    const { n, re, im, cos, sin } = this;
    for (let size = 2; size <= n; size *= 2) {
      const half = size / 2, step = n / size;
      for (let start = 0; start < n; start += size) {
        for (let k = 0, t = 0; k < half; k++, t += step) {
          const a = start + k, b = a + half;
          const x = re[b] * cos[t] + im[b] * sin[t], y = im[b] * cos[t] - re[b] * sin[t];
          re[b] = re[a] - x; im[b] = im[a] - y;
          re[a] += x; im[a] += y;
        }
      }
    }
  }
}

const powerOfTwo = (x) => 2 ** Math.max(6, Math.round(Math.log2(x)));
const decibel = (power) => 10 * Math.log10(Math.max(power, 1e-14));
