// A download with its progress. Where the browser can hand over a file to write to, what comes is
// streamed into it and goes on behind its last whole row when it breaks; elsewhere the browser saves
// it by itself, and the server's record of it is shown.
import { TailOfRows, isNewline } from "./download_rows.js";

const POLL_MS = 1000;
// How often an answer is waited for whose download the server does not know yet.
const UNKNOWN_POLLS = 60;
const MOST_TRIES = 5;
const VERSION = "Hangtag-Catalog-Version";

/** Wait, but no longer than until `signal` says to stop. */
const pause = (ms, signal) =>
  new Promise((done) => {
    setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });

function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is shown of a download: its state in words, its bar, its figures. */
class Display {
  constructor(panel) {
    this.texts = panel.dataset;
    this.expected = panel.dataset.rows === undefined ? null : Number(panel.dataset.rows);
    this.box = panel.querySelector("[data-download-progress]");
    this.bar = this.box.querySelector("progress");
    this.state = this.box.querySelector("[data-download-state]");
    this.figures = this.box.querySelector("[data-download-figures]");
    this.number = new Intl.NumberFormat(document.documentElement.lang || undefined);
    this.begin();
  }

  begin() {
    this.startedAt = performance.now();
    this.shownAt = 0;
  }

  say(name, text = this.texts[`text${name}`]) {
    this.box.hidden = false;
    if (this.state.textContent !== text) this.state.textContent = text;
  }

  rows(rows, { isOver = false } = {}) {
    const now = performance.now();
    if (!isOver && now - this.shownAt < 200) return;
    this.shownAt = now;
    if (this.expected === null) {
      if (isOver) this.bar.value = 1;
      else this.bar.removeAttribute("value");
    } else {
      this.bar.max = Math.max(this.expected, rows, 1);
      this.bar.value = isOver ? this.bar.max : rows;
    }
    const rate = rows / Math.max((now - this.startedAt) / 1000, 0.001);
    const values = { rows, all: this.expected, rate: Math.round(rate), left: this.left(rows, rate) };
    const form = isOver ? "textRows" : values.left === null ? "textProgressOpen" : "textProgress";
    this.figures.textContent = this.texts[form].replace(/\{(\w+)\}/g, (_, name) =>
      typeof values[name] === "number" ? this.number.format(values[name]) : values[name],
    );
  }

  /** How long the rest takes, as 1:05; null when nobody knows. */
  left(rows, rate) {
    if (this.expected === null || rows === 0) return null;
    const seconds = Math.max(0, Math.ceil((this.expected - rows) / rate));
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

/** A download into a file that the person has chosen. */
class FileDownload {
  constructor(panel, display, handle, file) {
    this.href = panel.dataset.href;
    this.canResume = panel.dataset.resumes !== undefined;
    this.isCsv = !new URL(this.href, location.href).pathname.endsWith(".ndjson");
    this.display = display;
    this.handle = handle;
    this.file = file;
    this.beginAnew();
  }

  beginAnew() {
    this.version = null;
    this.tail = new TailOfRows(this.isCsv);
    this.display.begin();
  }

  /** Stream until all is there, and return how that ended: a name of a text. */
  async run() {
    this.stopping = new AbortController();
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const before = this.tail.wholeBytes;
      const outcome = await this.attempt();
      if (outcome !== "Resuming" && outcome !== "Busy") return outcome;
      if (outcome === "Resuming" && !this.resumesAt()) return "BrokenAnew";
      if (this.tail.wholeBytes > before) tries = -1;
      this.display.say(outcome);
      await pause(Math.min(10_000, 500 * 2 ** Math.max(tries, 0)), this.stopping.signal);
      if (this.stopping.signal.aborted) return "Cancelled";
    }
    return "Broken";
  }

  /** The position to go on behind; "start" when nothing is there yet; null when it cannot. */
  resumesAt() {
    if (this.tail.rows === 0) return "start";
    return this.canResume ? this.tail.position() : null;
  }

  async attempt() {
    const position = this.resumesAt();
    const url = new URL(this.href, location.href);
    const headers = {};
    if (position === "start") this.tail = new TailOfRows(this.isCsv);
    else {
      url.searchParams.set("after", position);
      headers["If-Match"] = this.version;
    }
    url.searchParams.set("watch", newToken());
    let response;
    try {
      response = await fetch(url, { headers, cache: "no-store", signal: this.stopping.signal });
    } catch {
      return this.stopping.signal.aborted ? "Cancelled" : "Resuming";
    }
    if (response.status === 412) return "Changed";
    if (response.status === 503 || response.status === 502) return "Busy";
    if (!response.ok) return "Refused";
    this.version = response.headers.get(VERSION);
    // What came behind the last whole row is cut off.
    try {
      await this.file.truncate(this.tail.wholeBytes);
      await this.file.seek(this.tail.wholeBytes);
    } catch {
      return "Unwritten";
    }
    this.tail.cut();
    this.display.say("Running");
    return this.copy(response.body.getReader(), position !== "start" && this.isCsv);
  }

  /** Write what comes into the file, without its first line if that is there already. */
  async copy(reader, skipsHeader) {
    for (let skipping = skipsHeader; ; ) {
      let part;
      try {
        part = await reader.read();
      } catch {
        return this.stopping.signal.aborted ? "Cancelled" : "Resuming";
      }
      if (part.done) return "Complete";
      let bytes = part.value;
      if (skipping) {
        const end = bytes.findIndex(isNewline);
        skipping = end < 0;
        bytes = skipping ? bytes.subarray(bytes.length) : bytes.subarray(end + 1);
      }
      try {
        await this.file.write(bytes);
      } catch {
        await reader.cancel().catch(() => {});
        return "Unwritten";
      }
      this.tail.add(bytes);
      this.display.rows(this.tail.rows);
    }
  }

  async close() {
    try {
      await this.file.close();
    } catch {
      return "Unwritten";
    }
    return "Complete";
  }

  /** Leave nothing behind, as far as the browser lets us. */
  async discard() {
    await this.file.abort().catch(() => {});
    await this.handle.remove?.().catch(() => {});
  }
}

async function streamIntoFile(panel, display, buttons) {
  let handle;
  let file;
  try {
    handle = await window.showSaveFilePicker({ suggestedName: panel.dataset.fileName });
    file = await handle.createWritable();
  } catch {
    return; // no file was chosen, or none that may be written
  }
  const download = new FileDownload(panel, display, handle, file);
  const askFirst = (event) => event.preventDefault();
  const show = (...names) => {
    for (const [name, button] of Object.entries(buttons)) button.hidden = !names.includes(name);
  };
  const chosen = () =>
    new Promise((done) => {
      for (const name of ["again", "anew", "cancel"]) buttons[name].onclick = () => done(name);
    });
  window.addEventListener("beforeunload", askFirst);
  try {
    for (;;) {
      show("cancel");
      display.say("Running");
      buttons.cancel.onclick = () => download.stopping.abort();
      let outcome = await download.run();
      if (outcome === "Complete") outcome = await download.close();
      display.rows(download.tail.rows, { isOver: outcome === "Complete" });
      display.say(outcome);
      if (outcome === "Complete") return;
      if (outcome === "Cancelled" || outcome === "Refused" || outcome === "Unwritten") {
        await download.discard();
        return;
      }
      show(outcome === "Broken" ? "again" : "anew", "cancel");
      const next = await chosen();
      if (next === "cancel") {
        await download.discard();
        display.say("Cancelled");
        return;
      }
      if (next === "anew") download.beginAnew();
    }
  } finally {
    window.removeEventListener("beforeunload", askFirst);
    show("link");
  }
}

/** Show the server's record of a download that the browser saves by itself. */
async function followRecord(panel, display, watch) {
  const url = new URL(panel.dataset.statusHref, location.href);
  url.searchParams.set("watch", watch);
  display.begin();
  display.say("Waiting");
  for (let unknown = 0; unknown < UNKNOWN_POLLS; ) {
    await pause(POLL_MS);
    let record;
    try {
      record = await (await fetch(url, { cache: "no-store" })).json();
    } catch {
      unknown += 1;
      continue;
    }
    if (panel.dataset.watched !== watch) return; // another one has begun
    if (record.state === "unknown") {
      unknown += 1;
      continue;
    }
    const isOver = record.state === "complete";
    display.say(record.state, isOver ? display.texts.textComplete : record.text);
    display.rows(record.rows, { isOver });
    if (record.state !== "running") return;
  }
}

export function watchDownloads() {
  const panel = document.querySelector("[data-download]");
  const link = panel?.querySelector("[data-download-link]");
  if (!link) return;
  const display = new Display(panel);
  const button = (name) => panel.querySelector(`[data-download-${name}]`);
  const buttons = { link, again: button("again"), anew: button("anew"), cancel: button("cancel") };

  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (window.showSaveFilePicker !== undefined) {
      event.preventDefault();
      streamIntoFile(panel, display, buttons);
      return;
    }
    // Each click is a download of its own, and has a record of its own.
    const url = new URL(link.href);
    const watch = newToken();
    url.searchParams.set("watch", watch);
    link.href = url.href;
    panel.dataset.watched = watch;
    followRecord(panel, display, watch);
  });
}
