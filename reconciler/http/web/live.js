"use strict";
// Shows the page anew when the daemon tells of something; without it the page is the same, as of when it was loaded.
let waiting = null;
function keepFocus(part, next) {
  const active = document.activeElement;
  const held = active && part.contains(active) ? active : null;
  const open = [...part.querySelectorAll("details")].map((details) => details.open);
  part.replaceWith(next);
  const details = [...next.querySelectorAll("details")];
  if (details.length === open.length) details.forEach((one, number) => { one.open = open[number]; });
  if (!held) return;
  const href = held.getAttribute("href");
  const again = held.id ? document.getElementById(held.id) : href && [...next.querySelectorAll("a")].find((a) => a.getAttribute("href") === href);
  if (again) again.focus({ preventScroll: true });
}
async function renew() {
  waiting = null;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = fresh.title;
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (next && !part.isEqualNode(next)) keepFocus(part, next);
    }
  } catch (error) {
    console.warn("the page is not up to date", error);
  }
}
if (document.querySelector("[data-live]")) {
  const feed = new EventSource(document.body.dataset.prefix + "api/v1/events");
  for (const name of ["hello", "pass_started", "pass_finished", "step", "run"]) {
    feed.addEventListener(name, () => { waiting = waiting || setTimeout(renew, 300); });
  }
}
// The token stays in this tab if its owner wants that; the server never sends it back.
const token = document.getElementById("token");
if (token) {
  const keep = document.getElementById("keep");
  keep.parentElement.hidden = false;
  token.value = sessionStorage.getItem("token") || "";
  keep.checked = token.value !== "";
  token.form.addEventListener("submit", () => {
    if (keep.checked) sessionStorage.setItem("token", token.value);
    else sessionStorage.removeItem("token");
  });
}
