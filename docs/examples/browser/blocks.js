// Hands the microphone's samples to the page, 2048 at a time.
class Blocks extends AudioWorkletProcessor {
  constructor() {
    super();
    this.held = new Float32Array(2048);
    this.count = 0;
  }

  process([[channel]]) {
    if (!channel) return true;
    this.held.set(channel, this.count);
    this.count += channel.length;
    if (this.count === this.held.length) {
      this.port.postMessage(this.held.slice());
      this.count = 0;
    }
    return true;
  }
}
registerProcessor("blocks", Blocks);
