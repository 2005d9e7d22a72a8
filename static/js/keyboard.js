// The keys: / searches, j and k walk the rows of a list, Enter opens one, n makes a new one,
// g and a letter goes to a section, ? shows all of this.
import { ROW_LINK } from "./rows.js";

const CHORD_MS = 1200;

const isTyping = (element) =>
  element instanceof HTMLElement &&
  (element.isContentEditable || element.matches("input:not([type=checkbox]):not([type=radio]), textarea, select"));

const rowLinks = () =>
  [...document.querySelectorAll("main table.rows tbody tr")].map((row) => row.querySelector(ROW_LINK)).filter(Boolean);

function walk(step) {
  const links = rowLinks();
  if (links.length === 0) return;
  const row = document.activeElement?.closest("tr");
  const here = links.findIndex((link) => link.closest("tr") === row);
  const next = here < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, here + step));
  links[next].focus();
  links[next].scrollIntoView({ block: "nearest" });
}

function focusSearch() {
  const box = document.querySelector("[data-search]");
  box?.focus();
  box?.select();
}

const follow = (selector) => document.querySelector(selector)?.click();

export function watchKeys() {
  let chordAt = -Infinity;
  const dialog = document.getElementById("keys");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const inChord = event.timeStamp - chordAt < CHORD_MS;
    chordAt = -Infinity;
    if (inChord && /^[a-z]$/.test(event.key)) {
      follow(`[data-go="${event.key}"]`);
      return;
    }
    const actions = {
      "/": () => focusSearch(),
      j: () => walk(1),
      k: () => walk(-1),
      n: () => follow("[data-new]"),
      g: () => (chordAt = event.timeStamp),
      "?": () => dialog?.showModal(),
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });

  const shown = document.querySelector("[data-show-keys]");
  if (shown === null || dialog === null) return;
  shown.hidden = false;
  shown.addEventListener("click", () => dialog.showModal());
  // A click beside the dialog is one on its backdrop.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
