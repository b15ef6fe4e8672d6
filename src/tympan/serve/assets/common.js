// What the views of the studio share: making elements, asking the server, reading its events.
"use strict";

const $ = (id) => document.getElementById(id);
const words = (name) => name.replaceAll("_", " ");
const clock = (s, fine) => {
  const whole = Math.floor(s + 1e-6), two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(whole / 60)}:${two(whole % 60)}` +
    (fine ? `.${Math.floor((s - whole) * 10 + 1e-6)}` : "");
};

function make(tag, attributes = {}, ...children) {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in one && typeof value !== "string") one[name] = value;
    else one.setAttribute(name, value);
  }
  one.append(...children.filter((child) => child !== null && child !== undefined));
  return one;
}

// -- the server ------------------------------------------------------------------------------------

function headers() {
  const token = sessionStorage.getItem("token") || localStorage.getItem("token");
  return token ? { Authorization: `Bearer ${token}` } : {};
}

async function ask(path, options = {}) {
  const json = options.json === undefined ? {} : { "Content-Type": "application/json" };
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  const answer = await fetch(path, { ...options, body, headers: { ...headers(), ...json } });
  if (answer.status === 401) {
    $("token").hidden = false;
    throw new Error("This server wants a token.");
  }
  if (!answer.ok) {
    const told = await answer.json().catch(() => null);
    const error = new Error(told?.error?.message || `The server answers ${answer.status}.`);
    error.status = answer.status;
    throw error;
  }
  return answer;
}

// The events of a response, as they come.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    const parts = held.split("\n\n");
    held = parts.pop();
    for (const part of parts) {
      const name = part.match(/^event: (.*)$/m)?.[1];
      const data = part.match(/^data: (.*)$/m)?.[1];
      if (name && data) yield [name, JSON.parse(data)];
    }
  }
}

// The token in the address that the command line opened, kept for other tabs of this server.
function takeToken() {
  const found = location.hash.match(/^#token=([\w-]+)$/);
  if (!found) return;
  localStorage.setItem("token", found[1]);
  sessionStorage.removeItem("token");
  history.replaceState(null, "", " ");
}
takeToken();

// The samples of a sound, all channels mixed, at a rate that shows all that can be heard.
async function decoded(bytes, rate = 44100) {
  const found = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes);
  if (found.numberOfChannels === 1) return { samples: found.getChannelData(0), rate: found.sampleRate };
  const mixed = new Float32Array(found.length);
  for (let c = 0; c < found.numberOfChannels; c++) {
    const own = found.getChannelData(c);
    for (let i = 0; i < mixed.length; i++) mixed[i] += own[i] / found.numberOfChannels;
  }
  return { samples: mixed, rate: found.sampleRate };
}

const accent = () => getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
