// Draws each chart of the page from its JSON, in the colours of the theme, again when the theme changes.
(() => {
  "use strict";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const settings = { displayModeBar: false, responsive: true, scrollZoom: false };

  const theme = () => document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
  const draw = () => {
    for (const place of document.querySelectorAll("[data-chart]")) {
      const figures = JSON.parse(document.getElementById(place.dataset.chart).textContent);
      const figure = figures[theme()];
      Plotly.react(place, figure.data, figure.layout, settings);
    }
  };
  document.addEventListener("wotu:theme", draw);
  dark.addEventListener("change", draw);
  draw();
})();
