// Fills "What your browser was sent": what is inert in this page, what was loaded from elsewhere, what is stored here.
(function () {
  "use strict";

  function list(title, items, none) {
    var box = document.createDocumentFragment();
    var heading = document.createElement("h3");
    var body = document.createElement(items.length ? "ul" : "p");
    heading.textContent = title;
    if (!items.length) { body.textContent = none; }
    items.forEach(function (item) {
      var line = document.createElement("li");
      var code = document.createElement("code");
      code.textContent = item;
      line.appendChild(code);
      body.appendChild(line);
    });
    box.append(heading, body);
    return box;
  }

  function describe(element) {
    var address = element.getAttribute("data-ckit-src") || element.getAttribute("data-ckit-href") || "";
    var words = address || element.textContent.trim().replace(/\s+/g, " ").slice(0, 60);
    return element.localName + " · " + element.getAttribute("data-ckit") + (words ? " · " + words : "");
  }

  function inert() {
    return Array.from(document.querySelectorAll("[data-ckit]"), describe);
  }

  function foreign() {
    return performance.getEntriesByType("resource").map(function (entry) {
      return entry.name;
    }).filter(function (name) {
      return name.indexOf(location.origin + "/") !== 0 && name.indexOf("http") === 0;
    });
  }

  function cookieNames() {
    return document.cookie.split("; ").filter(Boolean).map(function (pair) {
      return pair.split("=", 1)[0];
    });
  }

  function storageNames() {
    try {
      return Object.keys(localStorage);
    } catch (error) {
      return [];
    }
  }

  function show() {
    document.getElementById("sent-browser").replaceChildren(
      list("Inert in this page", inert(), "Nothing: all of it may run."),
      list("Loaded from other servers", foreign(), "Nothing at all."),
      list("Cookies scripts can see", cookieNames(), "None."),
      list("Kept in local storage", storageNames(), "Nothing.")
    );
  }

  var details = document.getElementById("sent");
  details.addEventListener("toggle", function () {
    if (details.open) { show(); }
  });
})();
