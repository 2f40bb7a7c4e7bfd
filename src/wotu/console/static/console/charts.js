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
      const { data, layout } = figure;
      // A label needs about 64 px: on a narrow page every second or fourth is left out.
      const labels = data[0].x;
      const step = Math.ceil((labels.length * 64) / Math.max(place.clientWidth, 200));
      layout.xaxis.tickvals = labels.filter((_label, index) => (labels.length - 1 - index) % step === 0);
      Plotly.react(place, data, layout, settings);
    }
  };
  document.addEventListener("wotu:theme", draw);
  dark.addEventListener("change", draw);
  draw();
})();
