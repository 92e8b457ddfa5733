// Draws every chart in the colours of the page, and again when light and dark change places.
"use strict";
(() => {
  const specs = JSON.parse(document.getElementById("specs").textContent);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const themed = (told) =>
    JSON.parse(JSON.stringify(told).replace(/var\((--[a-z0-9-]+)\)/g, (_, name) => colour(name)));
  const config = (width) => {
    const ink = colour("--ink"), faint = colour("--faint"), line = colour("--line");
    const font = getComputedStyle(document.body).fontFamily;
    return {
      aria: false, // the element around it says what the picture says
      background: "transparent",
      font,
      autosize: { type: "fit", contains: "padding" },
      view: { stroke: null },
      axis: {
        labelColor: ink, titleColor: faint, titleFontWeight: "normal", labelFontSize: 12,
        titleFontSize: 12, gridColor: line, domainColor: line, tickColor: line,
      },
      legend: {
        orient: "top", direction: "horizontal", labelColor: ink, labelFontSize: 12, title: null,
        offset: 6, columns: width < 420 ? 2 : 3, symbolSize: 90,
      },
      text: { color: ink, font },
    };
  };
  const draw = async () => {
    for (const place of document.querySelectorAll("[data-chart]")) {
      const spec = { ...themed(specs[place.dataset.chart]), config: config(place.clientWidth) };
      await vegaEmbed(place, spec, {
        actions: false, renderer: "svg", ast: true, defaultStyle: false, mode: "vega-lite",
        tooltip: { theme: "custom" },
      });
    }
    document.documentElement.dataset.drawn = String(performance.now());
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
})();
