// Theme and density change at once, here and in the other tabs; the form behind the buttons
// remembers them for the pages to come. A language is another page, and is left to the form.

const HERE = "hangtag-preference ";
const AT_ONCE = ["theme", "density"];

function show(name, value) {
  document.documentElement.dataset[name] = value;
  for (const button of document.querySelectorAll(`form[data-preferences] button[name="${name}"]`)) {
    button.setAttribute("aria-pressed", String(button.value === value));
  }
}

// A page that comes back as it was left, or another tab, does not ask the server again.
function keep(name, value) {
  try {
    localStorage.setItem(HERE + name, value);
  } catch {
    // Without storage only this page changes at once.
  }
}

function showKept() {
  for (const name of AT_ONCE) {
    const value = localStorage.getItem(HERE + name);
    if (value !== null) show(name, value);
  }
}

export function switchAtOnce() {
  const form = document.querySelector("form[data-preferences]");
  form?.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!AT_ONCE.includes(button?.name)) return;
    event.preventDefault();
    const body = new URLSearchParams([[button.name, button.value]]);
    show(button.name, button.value);
    keep(button.name, button.value);
    fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true });
  });

  window.addEventListener("storage", (event) => {
    if (event.key?.startsWith(HERE)) showKept();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) showKept();
  });

  // The menu closes as menus do.
  const menu = document.querySelector("details.menu");
  document.addEventListener("click", (event) => {
    if (menu?.open && !menu.contains(event.target)) menu.open = false;
  });
  menu?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
