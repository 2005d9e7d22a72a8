// A whole row opens what its first link opens. What is selected stays selected, and a
// middle click or Ctrl opens another tab, as on the link itself.

export const ROW_LINK = ":is(th, td.strong) a[href]";

const INTERACTIVE = "a, button, input, label, select, textarea, summary";

function linkOf(event) {
  const row = event.target.closest("main table.rows tbody tr");
  if (row === null || event.target.closest(INTERACTIVE) !== null) return null;
  if (window.getSelection()?.toString()) return null;
  return row.querySelector(ROW_LINK);
}

export function linkRows() {
  // The style shows it only now that it is so.
  document.documentElement.dataset.rows = "linked";
  document.addEventListener("click", (event) => {
    const link = linkOf(event);
    if (link === null) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey) window.open(link.href, "_blank", "noopener");
    else link.click();
  });
  document.addEventListener("auxclick", (event) => {
    if (event.button !== 1) return;
    const link = linkOf(event);
    if (link !== null) window.open(link.href, "_blank", "noopener");
  });
}
