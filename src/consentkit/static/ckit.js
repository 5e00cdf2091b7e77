// consentkit: sends a choice without a page load, then brings to life what it allows, and deletes what refused services
// have stored. Everything else works without it.
(() => {
  "use strict";
  // A page may name its elements after members of `document` (`<img name="querySelector">`): none is read from there.
  const find = Document.prototype.querySelector.bind(document);
  const findAll = Document.prototype.querySelectorAll.bind(document);
  const own = find("script[data-ckit-asset]");

  // Names with `*` for any run of characters, by the store they are in.
  const forget = async (stores) => {
    const names = (patterns) => {
      const escaped = patterns.map((pattern) => pattern.replace(/[\\^$.+?()[\]{}|]/g, "\\$&").replaceAll("*", ".*"));
      return new RegExp(`^(?:${escaped.join("|")})$`, "s");
    };
    for (const area of ["localStorage", "sessionStorage"]) {
      if (!stores[area]) continue;
      const refused = names(stores[area]);
      for (const key of Object.keys(window[area])) if (refused.test(key)) window[area].removeItem(key);
    }
    if (!stores.indexedDB) return;
    const refused = names(stores.indexedDB);
    for (const { name } of await indexedDB.databases()) if (refused.test(name)) indexedDB.deleteDatabase(name);
  };
  if (own && own.dataset.ckitClear) forget(JSON.parse(own.dataset.ckitClear)).catch(() => {});

  const ask = async (url, options) => {
    const headers = { Accept: "application/json" };
    const response = await fetch(url, { headers, credentials: "same-origin", cache: "no-store", ...options });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return response.json();
  };

  // What the server made inert carries its category and service in data-ckit and its real attributes as
  // data-ckit-<name>. Only what it can have written is acted on: visitors' own content may imitate the rest.
  const ELEMENTS = "audio embed feImage frame iframe image img input link object script source track video";
  const REAL = "src srcset srcdoc href xlink:href imagesrcset data poster type sandbox data-src data-srcset".split(" ");
  const SELECTOR = ELEMENTS.split(" ").map((name) => `${name}[data-ckit]`).join();
  const OURS = { script: "type", iframe: "srcdoc" };
  const inert = () => Array.from(findAll(SELECTOR));
  const has = (list, name) => Object.hasOwn(list, name) && list[name] === true;
  const allOf = (state) => Object.values(state.services).every(Boolean);

  // The markup of other consent tools: the categories it names.
  const marks = (element) => {
    const values = ["category", "cookiecategory", "cookieconsent", "cookieyes"]
      .map((name) => element.getAttribute(`data-${name}`) || "")
      .concat((element.getAttribute("class") || "").match(/optanon-category-\S+/g) || []);
    return values.join(" ").toLowerCase().split(/[\s,]+/).filter(Boolean);
  };

  // The other hosts that attributes with this prefix name.
  const hosts = (element, prefix) => {
    const words = REAL.flatMap((name) => (element.getAttribute(prefix + name) || "").split(/[\s,]+/));
    const found = words.map((word) => (URL.canParse(word, location.href) ? new URL(word, location.href).host : ""));
    return new Set(found.filter((host) => host && host !== location.host));
  };

  // Both kinds may wait for more than their label tells. In doubt the server decides, with the next page.
  const allowed = (element, state) => {
    const named = marks(element);
    if (named.some((name) => name.startsWith("!"))) return false;
    if (hosts(element, "data-").size && !element.dataset.ckit.includes("/")) return false;
    if (allOf(state)) return true;
    if (hosts(element, "data-ckit-").size > 1 || element.hasAttribute("data-ckit-srcdoc")) return false;
    return element.dataset.ckit.split(" ").every((label) => {
      const [category, service] = label.split("/");
      if (!named.every((name) => name === category)) return false;
      return service && !named.length ? has(state.services, service) : has(state.allowed, category);
    });
  };

  const restored = (element) => {
    const copy = element.cloneNode();
    copy.removeAttribute("data-ckit");
    copy.removeAttribute(OURS[element.localName]);
    for (const name of REAL) {
      const value = element.getAttribute(`data-ckit-${name}`);
      if (value === null) continue;
      copy.removeAttribute(`data-ckit-${name}`);
      copy.setAttributeNS(name.startsWith("xlink:") ? "http://www.w3.org/1999/xlink" : null, name, value);
    }
    // Other tools keep the address to load in data-src, and the type of a script in data-type.
    if (marks(element).length || element.hasAttribute("data-name")) {
      for (const name of ["src", "srcset", "type"]) {
        const value = copy.getAttribute(`data-${name}`);
        if (value !== null && !copy.hasAttribute(name)) copy.setAttribute(name, value);
      }
    }
    return copy;
  };

  const revive = (element) =>
    new Promise((resolve) => {
      if (!element.isConnected) return resolve();
      const copy = restored(element);
      const isScript = element.localName === "script";
      const waits = isScript && copy.hasAttribute("src") && !copy.hasAttribute("async");
      if (isScript) {
        if (!copy.hasAttribute("src")) copy.textContent = element.textContent;
        copy.async = copy.hasAttribute("async");
        copy.nonce = element.nonce;
      } else {
        copy.append(...element.childNodes);
      }
      if (waits) for (const end of ["load", "error"]) copy.addEventListener(end, resolve, { once: true });
      element.replaceWith(copy);
      if (!waits) resolve();
    });

  let ran = false;
  const activate = async (state) => {
    for (const element of inert()) {
      if (!allowed(element, state)) continue;
      ran = true;
      await revive(element);
    }
  };

  // Brings the banner to life, if the page has one.
  const attend = () => {
    const root = find("#ckit-root");
    const form = root && root.querySelector(":scope > .ckit-form");
    if (!form) return;
    const status = root.querySelector(":scope > .ckit-status");
    const target = form.getAttribute("action");
    const page = find(":root");

    // The page keeps free what the banner covers, whatever its height.
    const observer = new ResizeObserver(() => page.style.setProperty("--ckit-height", `${root.offsetHeight}px`));
    observer.observe(root);

    const loadAgain = () => location.replace(form.querySelector("[name=return_to]").value);

    const finish = (message) => {
      const focused = form.matches(":focus-within");
      observer.disconnect();
      page.style.removeProperty("--ckit-height");
      form.remove();
      root.classList.remove("ckit-bar", "ckit-bottom", "ckit-top");
      root.classList.add("ckit-decided");
      root.removeAttribute("aria-labelledby");
      const reopen = root.querySelector(":scope > .ckit-reopen");
      if (reopen) reopen.hidden = false;
      status.textContent = message || status.dataset.ckitSaved;
      if (focused) (reopen || root).focus({ preventScroll: true });
    };

    // A script that runs can't be stopped, and some pages let no script be made: then the server sends the page anew.
    const settle = (state) => {
      const reasons = (own.dataset.ckitReload || "").split(" ");
      const refused = !allOf(state);
      const granted = inert().some((element) => allowed(element, state));
      const runs = ran || reasons.includes("refused");
      if ((runs && refused) || (reasons.includes("granted") && granted)) return loadAgain();
      finish(state.message);
      return activate(state).catch(loadAgain);
    };

    let sending = false;
    let plain = new URL(target, location.href).origin !== location.origin;

    const send = async (submitter) => {
      const body = new URLSearchParams(new FormData(form));
      if (submitter && submitter.name) body.append(submitter.name, submitter.value);
      status.textContent = "";
      try {
        return await ask(target, { method: "POST", body });
      } catch (error) {
        // Nothing came through, perhaps by the page's own policy: the next attempt is an ordinary form.
        plain = error instanceof TypeError;
        status.textContent = root.dataset.ckitFailed;
        status.scrollIntoView({ block: "nearest" });
        return null;
      }
    };

    form.addEventListener("submit", async (event) => {
      if (plain) return;
      event.preventDefault();
      if (sending) return;
      sending = true;
      form.setAttribute("aria-busy", "true");
      const state = await send(event.submitter);
      sending = false;
      form.removeAttribute("aria-busy");
      if (state) settle(state);
    });

    // Back from another page where the visitor has chosen: the browser may have kept this one as it was.
    addEventListener("pageshow", async (event) => {
      if (!event.persisted || !root.contains(form)) return;
      const state = await ask(target.replace(/choice$/, "state")).catch(() => ({}));
      if (state.decided) settle(state);
    });
  };

  // A page that is the same for everyone comes with everything inert. The server tells what this visitor allows, and
  // sends the banner if they are to be asked: as a document, since some pages let no script make markup of a text.
  const learn = () =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const url = new URL("../state", own.src);
      url.searchParams.set("return_to", location.pathname + location.search);
      request.open("GET", url);
      request.responseType = "document";
      request.setRequestHeader("Accept", "text/html");
      request.onload = () => (request.status === 200 && request.response ? resolve(request.response) : reject());
      request.onerror = reject;
      request.send();
    });

  const adopt = async (answer) => {
    const told = answer.querySelector("[data-ckit-state]");
    const [root, theirs] = [find("#ckit-root"), answer.querySelector("#ckit-root")];
    const control = theirs && document.adoptNode(theirs);
    if (root && control) root.replaceWith(control);
    else if (control) find("body").prepend(control);
    attend();
    if (told.dataset.ckitClear) forget(JSON.parse(told.dataset.ckitClear)).catch(() => {});
    await activate(JSON.parse(told.dataset.ckitState));
    return told.dataset.ckitState;
  };

  if (!own || !own.hasAttribute("data-ckit-shared")) return attend();
  const follow = (known) =>
    addEventListener("pageshow", async (event) => {
      if (!event.persisted) return;
      const answer = await learn();
      if (answer.querySelector("[data-ckit-state]").dataset.ckitState !== known) location.reload();
    });
  learn().then(adopt).then(follow).catch(() => {});
})();
