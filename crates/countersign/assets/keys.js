// The keyboard: j k Enter x a r c u / ?. A decision opens a confirm with the facts first; Enter there decides.
(() => {
  "use strict";
  const say = (name) => document.body.dataset[name] || "";
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const current = () => document.activeElement && document.activeElement.closest("[data-row]");
  const comment = () => document.querySelector("[data-comment]") || document.getElementById("comment");
  const link = (row) => row.querySelector("a[href]");

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
    link(next).focus();
    next.scrollIntoView({ block: "nearest" });
  }

  // The confirm: the request's own facts and its own form, from this page or from the request's page.
  async function confirm(decision) {
    const row = current();
    if (!row && rows().length) return;
    let source = document;
    if (row) {
      try { [source] = await window.countersign.ask(link(row).href); } catch { location.href = link(row).href; return; }
    }
    const form = source.querySelector("form[data-decides]"), facts = source.getElementById("facts-list"), title = source.querySelector("h1");
    const button = form && form.querySelector(`button[value="${decision}"]`);
    if (!button || button.disabled) { if (row) location.href = link(row).href; return; }
    show(decision, form, facts, title, Boolean(row));
  }

  function show(decision, form, facts, title, fromList) {
    const sheet = document.createElement("dialog");
    sheet.className = "sheet confirm";
    sheet.dataset.confirms = decision;
    const heading = document.createElement("h2");
    heading.id = "confirm-title";
    heading.textContent = say(decision === "approve" ? "sayApprove" : "sayReject");
    sheet.setAttribute("aria-labelledby", heading.id);
    const what = document.createElement("p");
    what.className = "confirm-what";
    what.textContent = title ? title.textContent : "";
    sheet.append(heading, what);
    if (facts) { const copy = document.importNode(facts, true); copy.removeAttribute("id"); sheet.append(copy); }
    sheet.append(questions(decision, form, fromList, sheet));
    sheet.addEventListener("close", () => sheet.remove());
    document.body.append(sheet);
    sheet.showModal();
    (sheet.querySelector("textarea") || sheet.querySelector("button[type=submit]")).focus();
  }

  function questions(decision, form, fromList, sheet) {
    const own = document.createElement("form");
    own.method = "post";
    own.action = form.getAttribute("action");
    for (const hidden of form.querySelectorAll("input[type=hidden]")) own.append(document.importNode(hidden, true));
    const chosen = Object.assign(document.createElement("input"), { type: "hidden", name: "decision", value: decision });
    own.append(chosen);
    if (fromList) own.append(Object.assign(document.createElement("input"), { type: "hidden", name: "back", value: "inbox" }));
    const typed = form.querySelector("textarea[name=comment]");
    if (decision !== "approve" && typed) {
      const field = document.createElement("div"), label = document.createElement("label"), area = document.createElement("textarea");
      label.textContent = form.dataset.sayReason || ""; label.htmlFor = "confirm-reason";
      Object.assign(area, { id: "confirm-reason", name: "comment", rows: 3, required: true, maxLength: 10000, value: typed.value });
      area.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) own.requestSubmit(); });
      field.className = "field"; field.append(label, area); own.append(field);
    } else if (typed) {
      own.append(Object.assign(document.createElement("input"), { type: "hidden", name: "comment", value: typed.value }));
    }
    const cancel = Object.assign(document.createElement("button"), { type: "button", textContent: say("sayCancel") });
    cancel.addEventListener("click", () => sheet.close());
    const yes = Object.assign(document.createElement("button"), { type: "submit", textContent: form.querySelector(`button[value="${decision}"]`).textContent });
    yes.className = decision === "approve" ? "primary" : "danger";
    own.append(cancel, yes);
    return own;
  }

  const acts = {
    j: () => move(1),
    k: () => move(-1),
    a: () => confirm("approve"),
    r: () => confirm("reject"),
    x: () => { const box = current() && current().querySelector("input[type=checkbox]"); if (box) box.click(); },
    c: () => { const row = current(); const area = comment(); if (row) location.href = link(row).href + "#comment"; else if (area) area.focus(); },
    u: () => { location.href = "/"; },
    "/": () => { const field = document.querySelector("input[type=search]"); if (field) field.focus(); else location.href = "/#q"; },
    "?": () => { const sheet = document.getElementById("keys"); if (sheet && !sheet.open) sheet.showModal(); },
  };

  if (location.hash === "#comment" && comment()) comment().focus();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat && !"jk".includes(event.key)) return;
    const typing = event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
    if (event.key === "Escape" && typing) { typing.blur(); return; }
    if (typing || document.querySelector("dialog[open]")) return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
