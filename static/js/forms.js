// Ctrl+Enter saves; a form is sent once; a summary of errors takes the focus.

// As long as an answer may take. Whoever stopped waiting for it may send again; the server knows
// a form that it has seen.
const SENDING = 10_000;

export function helpForms() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat || event.isComposing) return;
    const form = event.target.closest?.("form[method=post]");
    const button = form?.querySelector("button.primary[type=submit]");
    if (!button) return;
    event.preventDefault();
    form.requestSubmit(button);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    // What it brings is saved as a file: the page stays, and can ask again.
    if ("download" in form.dataset) return;
    if (Date.now() - Number(form.dataset.sent ?? 0) < SENDING) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = Date.now();
  });
  // Back shows a page as it was left.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  const summary = document.querySelector("[data-summary]");
  if (summary !== null) {
    summary.tabIndex = -1;
    summary.focus();
  }
}
