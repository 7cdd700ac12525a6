// Keeps an open page true. Listens for word of changes, asks for the page again, and swaps the marked parts.
// Nothing here turns text into markup: the browser parses a document, whose elements are adopted.
(() => {
  "use strict";
  const from = document.body.dataset.liveFrom;
  const news = document.getElementById("news");
  const say = (name) => document.body.dataset[name] || "";
  const GAP = 250, FETCH_TIMEOUT = 10000;
  const page = document.body.dataset.livePage || location.href;
  let lost = false, out = false, asking = false, again = false, last = 0, tries = 0, hide = 0;

  function tell(text, kind, stays) {
    clearTimeout(hide);
    news.className = "news " + (kind || "");
    news.replaceChildren(document.createTextNode(text));
    if (text && !stays) hide = setTimeout(() => tell(""), 6000);
  }

  // A document by its address: XMLHttpRequest parses it without running anything in it.
  function ask(address) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("GET", address);
      request.responseType = "document";
      request.timeout = FETCH_TIMEOUT;
      request.onload = () => (request.responseXML ? resolve([request.responseXML, request.status, request.responseURL]) : reject(request.status));
      request.onerror = request.ontimeout = () => reject(0);
      request.send();
    });
  }

  const dirty = (field) => (field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
    : field.tagName === "SELECT" ? [...field.options].some((option) => option.selected !== option.defaultSelected)
    : field.type !== "hidden" && field.value !== field.defaultValue);
  const named = (field) => (field.id ? "#" + CSS.escape(field.id) : `[name="${CSS.escape(field.name)}"][value="${CSS.escape(field.defaultValue)}"]`);

  // What was typed goes along; what has no place any more is kept below, to be copied.
  function carry(old, fresh) {
    const orphans = [];
    for (const field of old.querySelectorAll("input, textarea, select")) {
      const words = field.tagName === "TEXTAREA" && !field.readOnly && field.value.trim();
      if (!dirty(field) && !words) continue;
      const twin = fresh.querySelector(named(field));
      if (!twin) { if (words) orphans.push(field.value); continue; }
      if (field.type === "checkbox" || field.type === "radio") twin.checked = field.checked; else twin.value = field.value;
    }
    for (const open of old.querySelectorAll("details[open]")) {
      const twin = open.id && fresh.querySelector("#" + CSS.escape(open.id));
      if (twin) twin.open = true;
    }
    for (const text of orphans) {
      const kept = document.createElement("textarea");
      kept.readOnly = true; kept.value = text; kept.rows = 3;
      kept.setAttribute("aria-label", say("sayKept"));
      const label = document.createElement("p");
      label.textContent = say("sayKept") + ":";
      const box = document.createElement("div");
      box.className = "note kept"; box.append(label, kept);
      fresh.append(box);
    }
    for (const kept of old.querySelectorAll(".kept")) fresh.append(kept);
  }

  // Another revision than the one on screen: its buttons must not appear under the finger of somebody who saw the old one.
  function hold(fresh) {
    const now = document.querySelector("[data-revision]"), then = fresh.querySelector("[data-revision]");
    if (!now || !then || now.dataset.revision === then.dataset.revision) return false;
    for (const button of document.querySelectorAll("[data-decides] button")) button.disabled = true;
    tell(then.dataset.news || say("sayUpdated"), "lost", true);
    const link = document.createElement("a");
    link.href = page; link.textContent = then.dataset.show || "↻";
    news.append(link);
    return true;
  }

  function swap(fresh) {
    const mark = document.querySelector("[data-version]"), next = fresh.querySelector("[data-version]");
    const moved = mark && next && mark.dataset.version !== next.dataset.version;
    if (document.querySelector("dialog[data-confirms][open]") && moved) document.querySelector("dialog[data-confirms][open]").close();
    if (hold(fresh)) return;
    const focused = document.activeElement, at = focused && focused.id;
    const caret = focused && focused.selectionStart !== undefined ? [focused.selectionStart, focused.selectionEnd] : null;
    const [x, y] = [scrollX, scrollY];
    let changed = false;
    for (const old of document.querySelectorAll("[data-live]")) {
      const twin = old.id && fresh.getElementById(old.id);
      if (!twin || twin.outerHTML === old.dataset.seen) continue;
      const seen = twin.outerHTML, element = document.adoptNode(twin);
      carry(old, element);
      element.dataset.seen = seen;
      // A click that was on its way must not land on what just appeared under it.
      if (moved) for (const button of element.querySelectorAll("[data-decides] button:not(:disabled)")) {
        button.disabled = true;
        setTimeout(() => { button.disabled = false; }, 800);
      }
      old.replaceWith(element);
      changed = true;
    }
    document.title = fresh.title;
    if (at) {
      const same = document.getElementById(at);
      if (same && same !== document.activeElement) { same.focus({ preventScroll: true }); if (caret && caret[0] !== null && same.setSelectionRange) try { same.setSelectionRange(...caret); } catch { /* not a text field */ } }
    }
    scrollTo(x, y);
    if (changed && moved) tell(next.dataset.news || say("sayUpdated"), "", false);
    if (changed) document.dispatchEvent(new CustomEvent("swapped"));
  }

  async function refresh() {
    if (asking) { again = true; return; }
    asking = true;
    do {
      again = false;
      const wait = last + GAP - Date.now();
      if (wait > 0) await new Promise((done) => setTimeout(done, wait));
      last = Date.now();
      try {
        const [fresh, status] = await ask(page);
        if (status === 401) { out = true; tell(say("sayOut"), "lost", true); break; }
        if (status < 500) swap(fresh);
      } catch { /* the stream notices, and comes back */ }
    } while (again);
    asking = false;
  }

  function connect() {
    const stream = new EventSource(from);
    stream.addEventListener("open", () => {
      tries = 0;
      if (lost) { lost = false; tell(say("sayBack")); refresh(); }
    });
    stream.addEventListener("changed", refresh);
    stream.onerror = () => {
      stream.close();
      if (out) return;
      lost = true;
      if (tries === 2) refresh();
      if (tries > 0) tell(say("sayLost"), "lost", true);
      setTimeout(connect, Math.min(15000, 400 * 2 ** tries++) * (0.75 + Math.random() / 2));
    };
    addEventListener("pagehide", () => stream.close(), { once: true });
  }

  if (from && window.EventSource) {
    for (const part of document.querySelectorAll("[data-live]")) part.dataset.seen = part.outerHTML;
    addEventListener("pageshow", (event) => { if (event.persisted) { connect(); refresh(); } });
    document.addEventListener("visibilitychange", () => { if (!document.hidden && Date.now() - last > 60000) refresh(); });
    setInterval(() => { if (!document.hidden && Date.now() - last > 60000) refresh(); }, 30000);
    connect();
  }
  window.countersign = { ask, refresh, tell };
})();
