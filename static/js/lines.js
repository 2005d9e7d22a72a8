// Says while brands are typed which lines could not be saved: it only asks, and never stands in
// the way of saving, which decides. When the question fails it says nothing.

const PAUSE = 400;
const MOST_SHOWN = 20;
const MOST_LINES = 10_000;

function item(text, href) {
  const li = document.createElement("li");
  const line = document.createElement(href ? "a" : "span");
  if (href) line.href = href;
  line.textContent = text;
  li.append(line);
  return li;
}

function show(place, findings) {
  if (findings.length === 0) {
    place.replaceChildren();
    return;
  }
  const list = document.createElement("ul");
  list.append(...findings.slice(0, MOST_SHOWN).map((one) => item(one.sentence, one.href)));
  const more = findings.length - MOST_SHOWN;
  if (more > 0) {
    const count = new Intl.NumberFormat(document.documentElement.lang).format(more);
    list.append(item(place.dataset.textMore.replace("{count}", count)));
  }
  place.replaceChildren(list);
}

async function findingsOf(href, lines, signal) {
  const response = await fetch(href, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ brand_names: lines }),
    signal,
  });
  return response.ok ? (await response.json()).findings : [];
}

export function checkLines() {
  const field = document.querySelector("textarea[data-check-href]");
  const place = document.querySelector("[data-lines]");
  if (field === null || place === null) return;
  let timer = 0;
  let asked = new AbortController();

  const check = async () => {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    const lines = field.value.split("\n");
    let findings = [];
    if (field.value.trim() !== "" && lines.length <= MOST_LINES) {
      try {
        findings = await findingsOf(field.dataset.checkHref, lines, signal);
      } catch {
        // Newer text is being asked about, or nobody answers.
      }
    }
    if (!signal.aborted) show(place, findings);
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    // What it said was about other text.
    asked.abort();
    timer = setTimeout(check, PAUSE);
  });
  field.form.addEventListener("submit", () => {
    clearTimeout(timer);
    asked.abort();
  });
  // A draft that was put back. What was sent is told line by line already.
  if (field.value !== field.defaultValue) check();
}
