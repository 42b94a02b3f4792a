"use strict";
// Shows the page anew when the daemon tells of something; without it the page is the same, as of when it was loaded.
let waiting = null;
async function renew() {
  waiting = null;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const typing = document.activeElement && document.activeElement.closest("form");
    document.title = fresh.title;
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (next && !(typing && part.contains(typing))) part.replaceWith(next);
    }
  } catch (error) {
    console.warn("the page is not up to date", error);
  }
}
const feed = new EventSource("/api/v1/events");
for (const name of ["hello", "pass_started", "pass_finished", "step", "run"]) {
  feed.addEventListener(name, () => { waiting = waiting || setTimeout(renew, 300); });
}
