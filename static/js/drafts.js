// What was typed and is not saved yet survives a reload, a crash and an error: it is kept
// in the browser, per tab and form, until a page shows that it was saved.

const PREFIX = "hangtag-draft ";
const SENT = "hangtag-sent";

// The browser may keep nothing, or no more: then the text is still in the field.
const store = {
  get(key) {
    try {
      return sessionStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      sessionStorage.setItem(key, value);
    } catch {}
  },
  remove(key) {
    try {
      sessionStorage.removeItem(key);
    } catch {}
  },
};

const keyOf = (form) => PREFIX + form.dataset.draft;
// The version that an edit began from belongs to it: what others saved since is merged, not lost.
const versionOf = (form) => form.querySelector("input[type=hidden][name=version]");
const fieldsOf = (form) =>
  [...form.elements].filter(
    (field) => field.name && field.matches("textarea, select, input:not([type=hidden], [type=radio], [type=password])"),
  );
const valueOf = (field) => (field.type === "checkbox" ? String(field.checked) : field.value);

function firstValueOf(field) {
  if (field.type === "checkbox") return String(field.defaultChecked);
  if (!field.options) return field.defaultValue;
  return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value ?? "";
}

/** What stands in the form and is not saved; of one that came back unsaved, all of it. */
function unsavedOf(form) {
  const isUnsaved = "draftUnsaved" in form.dataset;
  const fields = fieldsOf(form).filter((field) =>
    isUnsaved ? valueOf(field) !== "" : valueOf(field) !== firstValueOf(field),
  );
  return Object.fromEntries(fields.map((field) => [field.name, valueOf(field)]));
}

function write(form) {
  const fields = unsavedOf(form);
  if (Object.keys(fields).length === 0) store.remove(keyOf(form));
  else store.set(keyOf(form), JSON.stringify({ fields, version: versionOf(form)?.value }));
}

function read(key) {
  try {
    return JSON.parse(store.get(key));
  } catch {
    return null;
  }
}

/** Put what was kept back into the form, and say so; true if that changed anything. */
function restore(form) {
  const kept = read(keyOf(form));
  if (!kept?.fields) return false;
  let isChanged = false;
  for (const field of fieldsOf(form)) {
    const value = kept.fields[field.name];
    if (value === undefined || valueOf(field) === value) continue;
    if (field.type === "checkbox") field.checked = value === "true";
    else field.value = value;
    isChanged = true;
  }
  const version = versionOf(form);
  if (isChanged && version !== null && kept.version) version.value = kept.version;
  return isChanged;
}

function keepDraft(form) {
  const note = form.querySelector("[data-draft-note]");
  const version = versionOf(form);
  const firstVersion = version?.value;
  if (restore(form) && note !== null) note.hidden = false;
  // Typed before this ran, or sent and not saved.
  let isTyped = Object.keys(unsavedOf(form)).length > 0;
  let timer = 0;

  note?.querySelector("button").addEventListener("click", () => {
    form.reset();
    if (version !== null) version.value = firstVersion;
    store.remove(keyOf(form));
    note.hidden = true;
    const field = fieldsOf(form)[0];
    field?.focus();
    field?.dispatchEvent(new Event("input", { bubbles: true }));
  });
  form.addEventListener("input", () => {
    isTyped = true;
    clearTimeout(timer);
    timer = setTimeout(() => write(form), 200);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    write(form);
    store.set(SENT, keyOf(form));
    // Shown again by Back, it was saved unless something is typed.
    isTyped = false;
  });
  window.addEventListener("pagehide", () => {
    if (isTyped) write(form);
  });
}

export function keepDrafts() {
  const sent = store.get(SENT);
  if (sent !== null) {
    if (document.querySelector("[data-saved]") !== null) store.remove(sent);
    // A page that says what went wrong can be asked for again, and then it may be saved.
    if (document.querySelector("[data-error]") === null) store.remove(SENT);
  }
  for (const form of document.querySelectorAll("form[data-draft]")) keepDraft(form);
}
