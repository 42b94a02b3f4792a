"use strict";
// Keeps an open page current. Without it the page is complete, and shows the state of the moment it was loaded.
const prefix = document.body.dataset.prefix;
const CHECK = 2000; // With PATIENCE: a daemon that stops, hangs or loses its network shows within 4 s.
const PATIENCE = 2000;
const SECOND = 1000;
const filter = document.getElementById("filter");

// Times in words, by the clock of the server: that of the browser may be wrong. The same rules as templates.py.
let ahead = Date.parse(document.body.dataset.now) - Date.now();
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"]];
function duration(seconds) {
  const unit = UNITS.find(([size]) => seconds >= 2 * size);
  return unit ? `${Math.floor(seconds / unit[0])} ${unit[1]}` : `${Math.floor(seconds)} s`;
}
function relative(moment) {
  const seconds = Math.floor(moment / SECOND) - Math.floor((Date.now() + ahead) / SECOND);
  if (seconds === 0) return "now";
  return seconds > 0 ? `in ${duration(seconds)}` : `${duration(-seconds)} ago`;
}
function tell(root) {
  for (const time of root.querySelectorAll("time[title]")) {
    const words = relative(Date.parse(time.dateTime));
    if (time.textContent !== words) time.textContent = words;
  }
}

// Renewal: the page is fetched again, and each part that differs takes the place of the old one.
let planned = null;
let newest = 0;
function replace(part, next) {
  const active = document.activeElement;
  const held = active && part.contains(active) ? active : null;
  const open = new Set([...part.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent));
  const scrolled = [...part.querySelectorAll("[tabindex]")].map((box) => box.scrollLeft);
  part.replaceWith(next);
  for (const summary of next.querySelectorAll("details > summary")) {
    if (open.has(summary.textContent)) summary.parentElement.open = true;
  }
  [...next.querySelectorAll("[tabindex]")].forEach((box, number) => { box.scrollLeft = scrolled[number] || 0; });
  if (!held) return;
  const href = held.getAttribute("href");
  const again = held.id ? document.getElementById(held.id) : href && [...next.querySelectorAll("a")].find((a) => a.getAttribute("href") === href);
  if (again) again.focus({ preventScroll: true });
}
async function renew() {
  clearTimeout(planned);
  planned = null;
  const number = ++newest;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const text = await answer.text();
    // Something else was typed or chosen in the meantime.
    if (!answer.ok || number !== newest) return;
    const fresh = new DOMParser().parseFromString(text, "text/html");
    ahead = Date.parse(fresh.body.dataset.now) - Date.now();
    tell(fresh);
    // The first tables came: the page has a list to search now.
    if (!filter && fresh.getElementById("filter")) location.reload();
    document.title = fresh.title;
    const icon = document.querySelector("link[rel=icon]");
    const nextIcon = fresh.querySelector("link[rel=icon]").getAttribute("href");
    if (icon.getAttribute("href") !== nextIcon) icon.setAttribute("href", nextIcon);
    document.querySelector("footer time").replaceWith(fresh.querySelector("footer time"));
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (next && !part.isEqualNode(next)) replace(part, next);
    }
    // Counts of long work advance without an event.
    if (document.querySelector("#progress[data-busy]")) plan(SECOND);
  } catch {
    check();
  }
}
function plan(delay) {
  if (planned === null) planned = setTimeout(renew, delay);
}

// Whether the daemon answers. A proxy in front of a dead daemon answers too, so only its own words count.
const connection = document.getElementById("connection");
let seen = Date.now();
let lost = false;
let checking = false;
async function check() {
  if (checking) return;
  checking = true;
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), PATIENCE);
  try {
    const answer = await fetch(prefix + "livez", { signal: giveUp.signal, headers: { Accept: "application/json" } });
    if (typeof (await answer.json()).alive !== "boolean") throw new Error("not the daemon");
    seen = Date.now();
    show(false);
  } catch {
    show(true);
  } finally {
    clearTimeout(timer);
    checking = false;
  }
}
function show(nowLost) {
  if (nowLost) document.getElementById("connection-seen").textContent = `Last seen ${duration((Date.now() - seen) / SECOND)} ago.`;
  if (nowLost === lost) return;
  lost = nowLost;
  connection.hidden = !lost;
  document.body.classList.toggle("disconnected", lost);
  document.getElementById("connection-text").textContent = lost ? "Disconnected: the daemon does not respond." : "";
  if (lost) document.title = document.title.replace(/^(?!Disconnected)/, "Disconnected · ");
  else renew();
}

// Events. A hidden tab listens to nothing, because a browser opens six connections to a host and would run out of them.
let feed = null;
function listen() {
  if (document.hidden) {
    if (feed) feed.close();
    feed = null;
    return;
  }
  check();
  if (feed || !document.querySelector("[data-live]")) return;
  feed = new EventSource(prefix + "api/v1/events");
  feed.addEventListener("error", check);
  for (const name of ["hello", "pass_started", "pass_finished", "step", "run", "suspension", "work"]) feed.addEventListener(name, () => plan(300));
}
document.addEventListener("visibilitychange", listen);
listen();
setInterval(() => { if (!document.hidden) check(); }, CHECK);
setInterval(() => {
  tell(document);
  if (lost) show(true);
}, SECOND);
tell(document);

// The list: search as you type, chips and links in place, and the address follows.
function go(href, push) {
  if (href === location.href) return;
  history[push ? "pushState" : "replaceState"](null, "", href);
  renew();
}
function typed() {
  const query = new URLSearchParams(location.search);
  query.set("q", document.getElementById("q").value);
  query.set("sort", document.getElementById("sort").value);
  query.delete("page");
  go(`${location.pathname}?${query}`, false);
}
if (filter) {
  document.documentElement.classList.add("live");
  let pause = null;
  filter.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(typed, 120); });
  filter.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(pause); typed(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#chips a, #listing thead a, #listing p a, #attention details p a");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(link.href, true);
    const chosen = new URLSearchParams(new URL(link.href).search);
    document.getElementById("q").value = chosen.get("q") || "";
    document.getElementById("sort").value = chosen.get("sort") || "name";
  });
  document.addEventListener("keydown", (event) => {
    const writes = event.target.closest("input, select, textarea");
    if (event.key === "/" && !writes && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      document.getElementById("q").focus();
    }
  });
  addEventListener("popstate", () => {
    const chosen = new URLSearchParams(location.search);
    document.getElementById("q").value = chosen.get("q") || "";
    document.getElementById("sort").value = chosen.get("sort") || "name";
    renew();
  });
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
