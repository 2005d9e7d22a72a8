// A list of ids pasted into the search box may be longer than an address: it is sent as a form.

const LONGEST_ADDRESS = 1500;

export function sendLongSearches() {
  const box = document.querySelector("[data-search]");
  const form = box?.form;
  form?.addEventListener("submit", () => {
    const isLong = box.value.length > LONGEST_ADDRESS;
    form.method = isLong ? "post" : "get";
    box.name = isLong ? "ids" : "q";
  });
}
