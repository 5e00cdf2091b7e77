// Stands for a video platform: it remembers how loud you like things.
(function () {
  "use strict";
  document.cookie = "player_volume=80; path=/; max-age=15552000; samesite=lax";
  document.querySelector("button").addEventListener("click", function (event) {
    event.currentTarget.textContent = event.currentTarget.textContent === "\u25b6" ? "\u2016" : "\u25b6";
  });
})();
