'use strict';
// Draws the charts in the colours of the page, and again when those or the width change.
(() => {
  const specs = JSON.parse(document.getElementById('specs').textContent);
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const views = {};
  const list = (text) => text.split(',').map((word) => word.trim());

  function look(width) {
    const style = getComputedStyle(document.documentElement);
    const v = (name) => style.getPropertyValue(name).trim();
    const font = getComputedStyle(document.body).fontFamily;
    const narrow = width < 520;
    return {
      background: 'transparent', font, view: {stroke: null},
      range: {category: list(v('--series')), heatmap: list(v('--ramp')), ramp: list(v('--ramp'))},
      line: {color: v('--accent')}, point: {color: v('--accent')}, rule: {color: v('--quiet')},
      style: {
        good: {color: v('--good'), opacity: .7}, bad: {color: v('--bad'), opacity: .7}, accent: {color: v('--accent')},
        dot: {color: v('--ink'), opacity: 1}, whisker: {color: v('--quiet'), strokeWidth: 1.2},
        note: {color: v('--ink'), fontSize: 12, fontWeight: 600}, number: {color: v('--ink'), fontSize: 11},
        'guide-label': {fill: v('--quiet'), fontSize: 12}, 'guide-title': {fill: v('--quiet'), fontSize: 12, fontWeight: 400},
      },
      axis: {gridColor: v('--faint'), domainColor: v('--line'), tickColor: v('--line'), labelLimit: 300, titlePadding: 8},
      axisYDiscrete: {labelColor: v('--ink'), labelFontSize: 13, labelLimit: 240},
      legend: {orient: 'bottom', columns: narrow ? 1 : 3, symbolType: 'stroke', symbolSize: 260, labelLimit: 260, rowPadding: 3},
    };
  }

  async function draw(id) {
    const place = document.getElementById(id);
    const before = views[id];
    const options = {mode: 'vega-lite', actions: false, renderer: 'svg', ast: true, hover: false, config: look(place.clientWidth),
      tooltip: {theme: 'page', disableDefaultStyle: true}};
    try {
      views[id] = await window.vegaEmbed(place, specs[id], options);
      if (before) before.finalize();
    } catch (error) {
      place.textContent = 'This chart could not be drawn: ' + error.message;
    }
  }

  function drawAll() { Object.keys(specs).forEach(draw); }

  let width = document.body.clientWidth, timer;
  drawAll();
  dark.addEventListener('change', drawAll);
  window.addEventListener('resize', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (document.body.clientWidth !== width) { width = document.body.clientWidth; drawAll(); }
    }, 150);
  });
  // A link to a stage opens it.
  function open() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === 'DETAILS') { target.open = true; target.scrollIntoView(); }
  }
  window.addEventListener('hashchange', open);
  open();
})();
