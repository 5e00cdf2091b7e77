// Stands for a reader-statistics vendor: it gives the browser a number, remembers it twice, and calls home.
(function () {
  "use strict";
  var script = document.currentScript || document.querySelector('script[src$="/stats.js"]');
  var home = new URL(script.src).origin;
  var id = localStorage.getItem("reader_id") || Math.random().toString(36).slice(2, 12);
  localStorage.setItem("reader_id", id);
  document.cookie = "_reader=" + id + "; path=/; max-age=15552000; samesite=lax";
  navigator.sendBeacon(home + "/beacon", "reader=" + id + "&page=" + encodeURIComponent(location.pathname));
})();
