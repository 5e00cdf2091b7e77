// consentkit: sends a choice without a page load, then brings to life what it allows. Everything works without it.
(() => {
  "use strict";
  const find = Document.prototype.querySelector.bind(document);
  const findAll = Document.prototype.querySelectorAll.bind(document);
  const attribute = (element, name) => Element.prototype.getAttribute.call(element, name);

  const root = find("#ckit-root");
  const form = root && root.querySelector(":scope > .ckit-form");
  if (!form) return;
  const status = root.querySelector(":scope > .ckit-status");
  const target = attribute(form, "action");

  // The page keeps free what the banner covers, whatever its height.
  const measure = () =>
    document.documentElement.style.setProperty("--ckit-height", `${root.offsetHeight}px`);
  const observer = new ResizeObserver(measure);
  observer.observe(root);

  const fields = (submitter) => {
    const data = new URLSearchParams();
    for (const [name, value] of new FormData(form)) data.append(name, value);
    if (submitter && submitter.name) data.append(submitter.name, submitter.value);
    return data;
  };

  const busy = (yes) => {
    for (const button of form.querySelectorAll("button")) button.disabled = yes;
  };

  const finish = () => {
    observer.disconnect();
    document.documentElement.style.removeProperty("--ckit-height");
    form.remove();
    root.className = "ckit ckit-decided";
    const reopen = root.querySelector(":scope > .ckit-reopen");
    if (reopen) reopen.hidden = false;
    status.textContent = attribute(status, "data-ckit-saved");
  };

  form.addEventListener("submit", async (event) => {
    if (new URL(target).origin !== location.origin) return;
    event.preventDefault();
    const data = fields(event.submitter);
    busy(true);
    try {
      const response = await fetch(target, {
        method: "POST",
        body: data,
        headers: { Accept: "application/json" },
        credentials: "same-origin",
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      const state = await response.json();
      finish();
      activate(state);
    } catch {
      status.textContent = attribute(root, "data-ckit-failed");
      busy(false);
    }
  });

  // What the server made inert carries its service in data-ckit and its real attributes as data-ckit-<name>.
  const allowed = (element, state) => {
    const [category, service] = attribute(element, "data-ckit").split("/");
    const has = (list, name) => Object.hasOwn(list, name) && list[name] === true;
    return service ? has(state.services, service) : has(state.allowed, category);
  };

  const restored = (element, copy) => {
    for (const { name, value } of Array.from(element.attributes)) {
      if (name === "data-ckit") continue;
      const real = name.startsWith("data-ckit-") ? name.slice(10) : name;
      if (real === name && element.hasAttribute(`data-ckit-${name}`)) continue;
      if (real === "type" && real === name && element.localName === "script") continue;
      if (real === "srcdoc" && real === name && element.localName === "iframe") continue;
      copy.setAttribute(real, value);
    }
    return copy;
  };

  const revive = (element) =>
    new Promise((resolve) => {
      const copy = restored(element, document.createElement(element.localName));
      const waits = element.localName === "script" && copy.hasAttribute("src") && !copy.hasAttribute("async");
      if (element.localName === "script") {
        if (!copy.hasAttribute("src")) copy.text = element.textContent;
        copy.async = copy.hasAttribute("async");
        if (element.nonce) copy.nonce = element.nonce;
      } else {
        copy.append(...element.childNodes);
      }
      if (waits) {
        copy.addEventListener("load", resolve, { once: true });
        copy.addEventListener("error", resolve, { once: true });
      }
      element.replaceWith(copy);
      if (!waits) resolve();
    });

  const activate = async (state) => {
    try {
      for (const element of Array.from(findAll("[data-ckit]"))) {
        if (allowed(element, state)) await revive(element);
      }
    } catch {
      // The page's own policy (Trusted Types) forbids scripts to be made here: the server sends them on a reload.
      location.reload();
    }
  };
})();
