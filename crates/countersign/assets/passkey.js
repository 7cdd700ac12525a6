// Passkeys: asks the device, and hands on what it answers. Every word comes from the page, and nothing becomes markup.
(() => {
  "use strict";
  const unpack = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const pack = (buffer) => {
    let text = "";
    for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
    return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };

  async function post(address, body) {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" });
    const said = await answer.json();
    if (answer.ok) return said;
    throw Object.assign(new Error(said.detail), { code: said.code });
  }

  const unpacked = (known) => ({ ...known, id: unpack(known.id) });

  async function create(options) {
    const asked = { ...options.publicKey, challenge: unpack(options.publicKey.challenge) };
    asked.user = { ...asked.user, id: unpack(asked.user.id) };
    asked.excludeCredentials = (asked.excludeCredentials || []).map(unpacked);
    const made = await navigator.credentials.create({ publicKey: asked });
    const { attestationObject, clientDataJSON } = made.response;
    const transports = made.response.getTransports ? made.response.getTransports() : undefined;
    return { id: made.id, rawId: pack(made.rawId), type: made.type, extensions: {},
      response: { attestationObject: pack(attestationObject), clientDataJSON: pack(clientDataJSON), transports } };
  }

  async function get(options) {
    const asked = { ...options.publicKey, challenge: unpack(options.publicKey.challenge) };
    asked.allowCredentials = (asked.allowCredentials || []).map(unpacked);
    const made = await navigator.credentials.get({ publicKey: asked });
    const { authenticatorData, clientDataJSON, signature, userHandle } = made.response;
    return { id: made.id, rawId: pack(made.rawId), type: made.type, extensions: {},
      response: { authenticatorData: pack(authenticatorData), clientDataJSON: pack(clientDataJSON), signature: pack(signature),
        userHandle: userHandle ? pack(userHandle) : null } };
  }

  const value = (form, name) => { const field = form.elements.namedItem(name); return field ? field.value : ""; };

  const deeds = {
    async enrol(form) {
      const { ceremony, options } = await post("/v1/passkeys/enrolment", {});
      await post("/v1/passkeys", { ceremony, name: value(form, "name"), credential: await create(options) });
    },
    async enter() {
      const { ceremony, options } = await post("/v1/passkeys/challenge", {});
      await post("/v1/passkeys/sign-in", { ceremony, credential: await get(options) });
    },
    async decide(form) {
      const decision = value(form, "decision"), revision = Number(value(form, "revision")), comment = value(form, "comment");
      const { ceremony, options } = await post(form.dataset.passkeyAsks, { decision, revision });
      const passkey = { ceremony, credential: await get(options) };
      await post(form.dataset.passkeyDecides, comment ? { decision, revision, comment, passkey } : { decision, revision, passkey });
    },
  };

  // A code of ours in the page's words, else the server's sentence; what the device says is one sentence of the page.
  function words(form, error) {
    if (!error.code || typeof error.code !== "string") return form.dataset.sayFailed || "";
    const known = "say" + error.code.split("_").map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("");
    return form.dataset[known] || error.message;
  }

  async function act(form) {
    const button = form.querySelector("button[type=submit]"), says = form.querySelector("[data-passkey-says]");
    button.disabled = true;
    says.textContent = "";
    try {
      await deeds[form.dataset.passkey](form);
      location.assign(form.dataset.passkeyNext);
    } catch (error) {
      says.textContent = words(form, error);
      button.disabled = false;
    }
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    if (!window.PublicKeyCredential) {
      form.querySelector("[data-passkey-says]").textContent = form.dataset.sayMissing || "";
      form.querySelector("button[type=submit]").disabled = true;
    }
    form.addEventListener("submit", (event) => { event.preventDefault(); act(form); });
  }
})();
