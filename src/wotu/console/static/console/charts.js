// Draws each chart of the page from its JSON, in the colours of the theme, again when the theme changes.
(() => {
  "use strict";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const settings = { displayModeBar: false, responsive: true, scrollZoom: false };

  // How wide a text is at a size of 13: Chinese letters are square, others about half of it.
  const width = (text) => [...text].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 13 : 7.4), 0);
  const fitted = (text, most) => {
    if (width(text) <= most) return text;
    const letters = [...text];
    while (letters.length > 1 && width(letters.join("")) > most - 13) letters.pop();
    return `${letters.join("").trimEnd()}…`;
  };

  // What depends on the room there is: ticks are left out, long names are cut, and numbers beside bars have their place.
  const fit = ({ data, layout }, room) => {
    const [first] = data;
    if (first.type === "sankey") {
      const columns = new Set(first.node.x).size;
      // Labels of the last column stand before it, in the gap where those of the one before stand too.
      const most = (x) => (room / columns) * (x > 1 - 1.5 / Math.max(columns - 1, 1) && columns > 2 ? 0.45 : 0.8);
      first.node.label = first.node.label.map((label, index) => fitted(label, Math.max(most(first.node.x[index]), 40)));
      return;
    }
    const across = layout.xaxis || {};
    const ticks = across.tickvals || (across.type === "category" && first.x);
    if (ticks) {
      // A label needs about 64 px: on a narrow page every second or fourth is left out.
      const step = Math.ceil((ticks.length * 66) / Math.max(room - 64, 160));
      const kept = ticks.map((_tick, index) => index).filter((index) => (ticks.length - 1 - index) % step === 0);
      const years = (layout.meta && layout.meta.years) || [];
      const texts = across.ticktext || ticks;
      across.tickvals = kept.map((index) => ticks[index]);
      across.ticktext = kept.map((index, place) => {
        const fresh = years[index] && (place === 0 || years[kept[place - 1]] !== years[index]);
        return fresh ? `${texts[index]}<br>${years[index]}` : texts[index];
      });
    }
    // Marks that would stand on each other are one, with what all of them say.
    const gap = (room - 64) / (across.range ? across.range[1] - across.range[0] : 1);
    const apart = [];
    for (const mark of layout.annotations || []) {
      const last = apart.at(-1);
      if (last && (mark.x - last.to) * gap < 22) {
        last.text = `${last.text.split("–")[0]}–${mark.text.split("–").at(-1)}`;
        last.hovertext += `<br>${mark.hovertext}`;
        last.to = mark.x;
      } else apart.push({ ...mark, to: mark.x });
    }
    if (layout.annotations) layout.annotations = apart.map(({ to, ...mark }) => ({ ...mark, x: (mark.x + to) / 2 }));
    // Shares are written into the cells of a heat map where they fit.
    if (first.type === "heatmap" && room / first.x.length < 72) first.texttemplate = "";
    if (first.orientation === "h") {
      const names = [...new Set(data.flatMap((each) => each.y))];
      const forNames = Math.min(Math.max(...names.map(width)), room * (room < 400 ? 0.36 : 0.42));
      layout.yaxis.tickvals = names;
      layout.yaxis.ticktext = names.map((name) => `${fitted(name, forNames)}  `);
      const beside = Math.max(...data.flatMap((each) => each.text.map(width))) + 12;
      const left = Math.max(room - forNames - 40, 80);
      const values = data.flatMap((each) => each.x.map(Number));
      const [low, high] = [Math.min(0, ...values), Math.max(0, ...values) || 1];
      const sides = (low < 0 ? 1 : 0) + 1;
      const unit = (high - low) / Math.max(left - sides * beside, 40);
      across.range = [low < 0 ? low - unit * beside : 0, high + unit * beside];
    }
  };

  const theme = () => document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
  const figureOf = (place, name) => JSON.parse(document.getElementById(place.dataset.chart).textContent)[name];
  const draw = () => {
    for (const place of document.querySelectorAll("[data-chart]")) {
      const figure = figureOf(place, theme());
      let room = place.clientWidth;
      const columns = figure.data[0].type === "sankey" ? new Set(figure.data[0].node.x).size : 0;
      if (columns * 96 > room) {
        place.classList.add("wide");
        // What is moved sideways is moved by the arrow keys too.
        place.tabIndex = 0;
        figure.layout.width = room = columns * 96;
      }
      fit(figure, room);
      // On a telephone each name of a legend has a line of its own, which is not taken from the picture.
      if (room < 400 && figure.data.length > 2) figure.layout.height += 20 * (figure.data.length - 1);
      const fresh = !place.data;
      Plotly.react(place, figure.data, figure.layout, settings);
      if (fresh) place.on("plotly_click", opened);
    }
    for (const button of document.querySelectorAll("[data-png]")) button.hidden = false;
  };
  // A number of a chart that counts customers leads to them.
  const opened = ({ points }) => {
    const { customdata } = points[0];
    const address = typeof customdata === "string" ? customdata : customdata && customdata.who;
    if (typeof address === "string" && address.startsWith("/")) window.location.assign(address);
  };

  // The picture is drawn here, as the page's policy lets Plotly's own download load nothing. Always on white.
  const picture = async (button) => {
    const place = document.getElementById(button.dataset.png);
    const figure = figureOf(place, "light");
    const size = { width: Math.max(place.clientWidth, 720), height: figure.layout.height + 80 };
    fit(figure, size.width - 48);
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
