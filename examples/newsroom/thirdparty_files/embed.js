// Stands for a social network: it turns the quoted posts of a page into its own boxes.
(function () {
  "use strict";
  var script = document.currentScript || document.querySelector('script[src$="/embed.js"]');
  var home = new URL(script.src).origin;
  document.querySelectorAll("[data-shoal-post]").forEach(function (box) {
    var card = document.createElement("div");
    var picture = document.createElement("img");
    var text = document.createElement("p");
    picture.src = home + "/avatar.svg";
    picture.alt = "";
    picture.width = 48;
    picture.height = 48;
    text.textContent = box.textContent.trim().replace(/\s+/g, " ");
    card.className = "shoal-card";
    card.append(picture, text);
    box.replaceChildren(card);
    box.dataset.shoalLoaded = "yes";
  });
  localStorage.setItem("shoal_visitor", "seen");
})();
