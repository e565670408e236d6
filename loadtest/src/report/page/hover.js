// Shows the values under the pointer, and the same moment in all charts over time. The page says all without it.
"use strict";
(() => {
  const svgElement = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const htmlElement = (name, text, className) => {
    const element = document.createElement(name);
    element.textContent = text;
    if (className) element.className = className;
    return element;
  };

  const digits = (value) =>
    value.toLocaleString("en", value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 });
  const shown = (value, unit) => {
    if (unit !== "ms") return `${digits(value)} ${unit}`;
    if (value >= 1000) return `${digits(value / 1000)} s`;
    return value >= 1 ? `${digits(value)} ms` : `${digits(value * 1000)} µs`;
  };
  const moment = (seconds) => {
    if (seconds < 120) return `${seconds.toFixed(1)} s`;
    const whole = Math.floor(seconds);
    const two = (value) => String(value).padStart(2, "0");
    const minutes = Math.floor(whole / 60);
    const hours = Math.floor(minutes / 60);
    return hours ? `${hours}:${two(minutes % 60)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  };
  const percentile = (nines) => `${+(100 * (1 - 10 ** -nines)).toFixed(Math.max(1, Math.ceil(nines)))} %`;

  const position = (axis, value) => {
    const share = axis.log
      ? Math.log(value / axis.from) / Math.log(axis.to / axis.from)
      : (value - axis.from) / (axis.to - axis.from);
    return axis.start + Math.min(Math.max(share, 0), 1) * (axis.end - axis.start);
  };
  // Index of the point that is nearest, or -1 if none is near: then there is a gap.
  const nearest = (line, x, reach) => {
    let low = 0;
    let high = line.x.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (line.x[middle] < x) low = middle + 1;
      else high = middle;
    }
    const candidates = [low - 1, low].filter((index) => index >= 0 && index < line.x.length);
    candidates.sort((one, other) => Math.abs(line.x[one] - x) - Math.abs(line.x[other] - x));
    return candidates.length && Math.abs(line.x[candidates[0]] - x) <= reach ? candidates[0] : -1;
  };

  const marks = [...document.querySelectorAll("table.marks tbody tr")].map((row) => ({
    from: Number(row.dataset.from),
    until: Number(row.dataset.until),
    text: row.lastElementChild.textContent,
  }));

  const charts = [...document.querySelectorAll("svg.chart")].map((svg) => {
    const chart = { svg, ...JSON.parse(svg.dataset.hover), layer: svgElement("g", {}) };
    const [title] = svg.getElementsByTagName("title");
    // The name stays; the browser's own hint would cover the values.
    svg.setAttribute("aria-label", title.textContent);
    svg.removeAttribute("aria-labelledby");
    svg.setAttribute("aria-describedby", svg.querySelector("desc").id);
    for (const hint of [...svg.getElementsByTagName("title")]) hint.remove();
    svg.append(chart.layer);
    return chart;
  });

  const clear = () => {
    for (const chart of charts) {
      chart.layer.replaceChildren();
      chart.tip?.remove();
      chart.tip = null;
    }
  };
  const point = (chart, x) => {
    const reach = Math.max((chart.x.to - chart.x.from) / 60, chart.kind === "time" ? 1.5 : 0.5);
    const at = position(chart.x, x);
    const found = [];
    chart.layer.append(svgElement("path", { class: "cursor", d: `M${at} ${chart.y.start}V${chart.y.end}` }));
    for (const line of chart.lines) {
      const index = nearest(line, x, chart.step ? chart.step * 0.75 : reach);
      if (index < 0) continue;
      const value = line.y[index];
      found.push({ line, value });
      chart.layer.append(
        svgElement("circle", {
          class: `dot ${line.class}`, r: 4, cx: position(chart.x, line.x[index]), cy: position(chart.y, value),
        }),
      );
    }
    return found;
  };
  const tip = (chart, x, found) => {
    const box = htmlElement("div", "", "tip");
    box.append(htmlElement("b", chart.kind === "time" ? moment(x) : percentile(x)));
    for (const { line, value } of found) {
      const row = htmlElement("div", "");
      row.append(htmlElement("i", "", line.class), line.name, htmlElement("span", shown(value, chart.unit)));
      box.append(row);
    }
    const slack = (chart.x.to - chart.x.from) / 150;
    for (const mark of chart.kind === "time" ? marks : []) {
      if (x >= mark.from - slack && x <= mark.until + slack) box.append(htmlElement("p", mark.text));
    }
    chart.svg.parentElement.append(box);
    chart.tip = box;
    const size = chart.svg.getBoundingClientRect();
    const at = (position(chart.x, x) / chart.svg.viewBox.baseVal.width) * size.width;
    const left = at + 14 + box.offsetWidth <= size.width ? at + 14 : Math.max(0, at - 14 - box.offsetWidth);
    box.style.transform = `translate(${left}px, ${Math.max(0, size.height / 2 - box.offsetHeight)}px)`;
  };

  for (const chart of charts) {
    const show = (event) => {
      const size = chart.svg.getBoundingClientRect();
      const pixel = ((event.clientX - size.left) / size.width) * chart.svg.viewBox.baseVal.width;
      clear();
      if (pixel < chart.x.start || pixel > chart.x.end) return;
      const share = (pixel - chart.x.start) / (chart.x.end - chart.x.start);
      const x = chart.x.from + share * (chart.x.to - chart.x.from);
      tip(chart, x, point(chart, x));
      if (chart.kind !== "time") return;
      for (const other of charts) {
        if (other !== chart && other.kind === "time" && other.svg.getBoundingClientRect().width) point(other, x);
      }
    };
    chart.svg.addEventListener("pointermove", show);
    chart.svg.addEventListener("pointerdown", show);
    chart.svg.addEventListener("pointerleave", clear);
  }
})();
