// The sources of a mix, played in step: each alone (solo) or left out (mute).
"use strict";

// `mixer`: an element with a `.source` for each; `bytesOf` gives the file of one as an ArrayBuffer.
// The studio uses it as well, on elements of its own.
const startMixer = (mixer, bytesOf) => {
  const duration = +mixer.dataset.duration;
  const lanes = [...mixer.querySelectorAll(".source")].map((row) => ({
    row, audio: row.querySelector("audio"), at: row.querySelector(".at"),
    solo: row.querySelector('[data-mixer="solo"]'), mute: row.querySelector('[data-mixer="mute"]'),
  }));
  const play = mixer.querySelector('[data-mixer="play"]');
  const time = mixer.querySelector(".clock");
  let context = null, playing = null, position = 0, began = 0;

  const pressed = (button) => button.getAttribute("aria-pressed") === "true";
  const heard = (lane) => (lanes.some((l) => pressed(l.solo)) ? pressed(lane.solo) : !pressed(lane.mute));
  const now = () => (playing ? Math.min(duration, position + context.currentTime - began) : position);

  const levels = () => {
    for (const lane of lanes) {
      const on = heard(lane);
      lane.row.classList.toggle("off", !on);
      if (lane.gain) lane.gain.gain.setTargetAtTime(on ? 1 : 0, context.currentTime, 0.01);
    }
  };
  const show = () => {
    if (playing && !mixer.isConnected) { stop(); return; } // another answer has taken its place
    const t = now();
    time.textContent = clock(t, true) + " / " + clock(duration);
    for (const lane of lanes) { lane.at.hidden = false; lane.at.style.left = (100 * t) / duration + "%"; }
    if (playing && t >= duration) { stop(); position = 0; show(); }
    if (playing) requestAnimationFrame(show);
  };
  const stop = () => {
    if (!playing) return;
    position = now();
    for (const source of playing) source.stop();
    playing = null;
    play.textContent = "Play";
    play.setAttribute("aria-pressed", "false");
  };
  const start = async () => {
    play.disabled = true;
    try {
      context ??= new AudioContext();
      await context.resume();
      for (const lane of lanes) {
        lane.buffer ??= await context.decodeAudioData(await bytesOf(lane));
        if (!lane.gain) { lane.gain = context.createGain(); lane.gain.gain.value = heard(lane) ? 1 : 0; lane.gain.connect(context.destination); }
      }
    } finally { play.disabled = false; }
    for (const other of document.querySelectorAll("audio")) other.pause();
    playing = lanes.map((lane) => {
      const source = context.createBufferSource();
      source.buffer = lane.buffer;
      source.connect(lane.gain);
      source.start(0, position);
      return source;
    });
    began = context.currentTime;
    play.textContent = "Pause";
    play.setAttribute("aria-pressed", "true");
    show();
  };

  play.addEventListener("click", () => (playing ? (stop(), show()) : start()));
  addEventListener("play", () => { stop(); show(); }, true);
  for (const lane of lanes) {
    for (const button of [lane.solo, lane.mute]) {
      button.addEventListener("click", () => {
        button.setAttribute("aria-pressed", String(!pressed(button)));
        levels();
      });
    }
    lane.row.querySelector(".plot").addEventListener("click", (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      const was = playing;
      stop();
      position = Math.max(0, Math.min(duration, (duration * (event.clientX - box.left)) / box.width));
      if (was) start(); else show();
    });
  }
};

for (const mixer of document.querySelectorAll(".mixer[data-duration]")) {
  startMixer(mixer, (lane) => {
    const address = lane.audio.getAttribute("src");
    const text = atob(address.slice(address.indexOf(",") + 1));
    return Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer;
  });
}
