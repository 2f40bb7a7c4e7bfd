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
      if (layout.xaxis && layout.xaxis.type === "category" && labels) {
        const step = Math.ceil((labels.length * 64) / Math.max(place.clientWidth, 200));
        layout.xaxis.tickvals = labels.filter((_label, index) => (labels.length - 1 - index) % step === 0);
      }
      // Shares are written into the cells of a heat map where they fit.
      if (data[0].type === "heatmap" && place.clientWidth / labels.length < 72) data[0].texttemplate = "";
      const fresh = !place.data;
      Plotly.react(place, data, layout, settings);
      if (fresh) place.on("plotly_click", opened);
    }
    for (const button of document.querySelectorAll("[data-png]")) button.hidden = false;
  };
  // A number of a chart that counts customers leads to them.
  const opened = ({ points }) => {
    const who = points[0].customdata;
    if (typeof who === "string" && who.startsWith("/")) window.location.assign(who);
  };

  // The picture is drawn here, as the page's policy lets Plotly's own download load nothing. Always on white.
  const picture = async (button) => {
    const place = document.getElementById(button.dataset.png);
    const figure = JSON.parse(document.getElementById(place.dataset.chart).textContent).light;
    const size = { width: Math.max(place.clientWidth, 720), height: figure.layout.height + 80 };
    const layout = {
      ...figure.layout, ...size, paper_bgcolor: "#fff",
      title: { text: button.dataset.title, x: 0, xref: "paper", y: 0.96, yanchor: "top" },
      margin: { l: 24, r: 24, t: 104, b: 40 },
    };
    const image = new Image();
    image.src = await Plotly.toImage({ data: figure.data, layout }, { ...size, format: "svg" });
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: size.width * 2, height: size.height * 2 });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const link = document.createElement("a");
    link.href = canvas.toDataURL("image/png");
    link.download = `${button.dataset.name}.png`;
    link.click();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-png]");
    if (button) picture(button);
  });

  document.addEventListener("wotu:theme", draw);
  document.addEventListener("htmx:afterSettle", draw);
  dark.addEventListener("change", draw);
  draw();
})();
