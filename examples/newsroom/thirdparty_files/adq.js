// Stands for an advertising network: it works off the queue the page has filled, and keeps a number of its own.
(function () {
  "use strict";
  var script = document.currentScript || document.querySelector('script[src$="/adq.js"]');
  var home = new URL(script.src).origin;
  localStorage.setItem("ad_id", localStorage.getItem("ad_id") || Math.random().toString(36).slice(2, 12));
  document.cookie = "_ad_id=" + localStorage.getItem("ad_id") + "; path=/; max-age=7776000; samesite=lax";

  function fill(order) {
    var slot = document.getElementById(order.slot);
    if (!slot || slot.firstChild) { return; }
    var picture = document.createElement("img");
    picture.src = home + "/advert.svg?section=" + encodeURIComponent(order.section);
    picture.alt = "Made-up advertisement: kettles that tell you when";
    picture.width = 600;
    picture.height = 150;
    slot.appendChild(picture);
  }

  var waiting = Array.isArray(window.adq) ? window.adq : [];
  window.adq = { push: fill };
  waiting.forEach(fill);
})();
