// Shows what would happen while a form is filled in: asks the server for the dry run that its button would show, and
// puts it beside the form. The form itself is left alone; without this script the button does the same.
(() => {
  "use strict";
  const form = document.querySelector("form[data-preview]"), side = document.getElementById("preview-side");
  if (!form || !side) return;
  const PAUSE = 400, TIMEOUT = 10000;
  let due = 0, running = null;

  function ask() {
    const body = new URLSearchParams(new FormData(form));
    body.set("do", form.dataset.preview);
    if (running) running.abort();
    const request = running = new XMLHttpRequest();
    request.open("POST", form.getAttribute("action"));
    // A document that is parsed and never run; its elements are adopted, no text becomes markup.
    request.responseType = "document";
    request.timeout = TIMEOUT;
    request.onload = () => {
      const fresh = request.responseXML && request.responseXML.getElementById("preview-side");
      if (fresh) side.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
    };
    request.send(body);
  }

  form.addEventListener("input", () => {
    clearTimeout(due);
    due = setTimeout(ask, PAUSE);
  });
  form.addEventListener("submit", () => clearTimeout(due));
})();
