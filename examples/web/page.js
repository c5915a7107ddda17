"use strict";

const element = (id) => document.getElementById(id);
const data = JSON.parse(element("data").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const {maximum, window: W} = data; // W days before a day are its window; entry k + W of maximum is day k, that is forecast
const days = maximum.length - W;
const date = (entry) => new Date(Date.parse(data.first) + entry * 86400000);
const iso = (entry) => date(entry).toISOString().slice(0, 10);
const named = (entry, options) => date(entry).toLocaleDateString("en-GB", {timeZone: "UTC", ...options});
const celsius = (value, digits = 1) => `${value.toFixed(digits)}\u00a0°C`;

/** The exported model in the memory of its WebAssembly module: an instance, the inputs of all days, and outputs. */
class Model {
  constructor(functions, rows) {
    this.f = functions;
    const base = functions.__heap_base.value;
    this.x = (base + functions.weather_size() + 63) & ~63;
    this.y = this.x + rows.length;
    functions.memory.grow(Math.ceil((rows.length + 4 * W) / 65536) + 1);
    new Uint8Array(functions.memory.buffer).set(rows, this.x);
    this.net = functions.weather_init(base);
  }

  row(k) {
    return this.x + 4 * data.features * k;
  }

  /** Return the change to the maximum of day k, in standard deviations: the last output of its window. */
  change(k) {
    this.f.weather_reset(this.net);
    this.f.weather_run(this.net, this.row(k), this.y, W);
    return new Float32Array(this.f.memory.buffer, this.y, W)[W - 1];
  }

  /** Return the microseconds of a step: the median of 30 turns of about 10 ms. */
  time() {
    const turns = Array.from({length: 30}, () => {
      const start = performance.now();
      let steps = 0;
      for (; performance.now() - start < 10; steps += days)
        for (let k = 0; k < days; ++k) this.f.weather_step(this.net, this.row(k), this.y);
      return (1000 * (performance.now() - start)) / steps;
    });
    return turns.sort((a, b) => a - b)[15];
  }
}

/** Draw axes, and what `content` returns of two functions, from entries of `maximum` and from temperatures to pixels. */
function draw(svg, [first, last], values, ticks, format, content) {
  const width = svg.clientWidth, height = 220, left = 38, bottom = 22;
  const low = 5 * Math.floor(Math.min(...values) / 5), high = 5 * Math.ceil(Math.max(...values) / 5);
  const step = high - low > 20 ? 10 : 5;
  const x = (entry) => left + ((width - left - 8) * (entry - first)) / (last - first);
  const y = (value) => 8 + ((height - bottom - 8) * (high - value)) / (high - low);
  let axes = "";
  for (let value = Math.ceil(low / step) * step; value <= high; value += step)
    axes += `<path class="rule" d="M${left},${y(value)}H${width - 8}"/><text x="0" y="${y(value) + 4}">${value} °C</text>`;
  for (const entry of ticks)
    axes += `<text x="${x(entry)}" y="${height - 4}" text-anchor="middle">${named(entry, format)}</text>`;
  svg.setAttribute("height", height);
  svg.innerHTML = axes + content(x, y);
}

const path = (values, first, x, y) => values.map((v, k) => `${k ? "L" : "M"}${x(first + k).toFixed(1)},${y(v).toFixed(1)}`).join("");
const dot = (name, x, y) => `<circle class="${name}" cx="${x}" cy="${y}" r="4.5"/>`;

/** Show the year and the window of the chosen day. */
function show(forecasts) {
  const k = Number(element("day").value), day = k + W, narrow = innerWidth < 500;
  const firsts = maximum.map((_, entry) => entry).filter((entry) => entry >= W && date(entry).getUTCDate() === 1);
  draw(element("year"), [W, W + days - 1], maximum.concat(forecasts), firsts.filter((_, m) => !narrow || m % 3 === 0).map((e) => e + 15),
    {month: "short"}, (x, y) =>
      `<path class="day" d="M${x(day)},8V198"/>` +
      `<path class="measured" d="${path(maximum.slice(W), W, x, y)}"/><path class="forecast" d="${path(forecasts, W, x, y)}"/>`);
  const before = maximum.slice(k, day), ticks = [0, 1, 2, 3, 4, 5, 6].map((n) => day - 5 * n).filter((_, n) => !narrow || n % 2 === 0);
  draw(element("window"), [k, day + 0.5], [...before, maximum[day], forecasts[k]], ticks, {day: "numeric", month: "short"}, (x, y) =>
    `<path class="measured" d="${path(before, k, x, y)}"/>` +
    `<path class="forecast" stroke-dasharray="4 3" d="${path([before[W - 1], forecasts[k]], day - 1, x, y)}"/>` +
    dot("measured", x(day), y(maximum[day])) + dot("forecast", x(day), y(forecasts[k])));
  element("result").innerHTML = `${named(day, {day: "numeric", month: "long", year: "numeric"})}: forecast ` +
    `<b id="forecast">${celsius(forecasts[k])}</b>, measured ${celsius(maximum[day])}, the day before ${celsius(maximum[day - 1])}`;
}

function error(forecast) {
  return Math.sqrt(forecast.reduce((sum, value, k) => sum + (value - maximum[k + W]) ** 2, 0) / days);
}

async function main() {
  const {instance} = await WebAssembly.instantiate(bytes(data.code));
  const model = new Model(instance.exports, bytes(data.rows));
  const changes = Array.from({length: days}, (_, k) => model.change(k));
  const forecasts = changes.map((change, k) => maximum[k + W - 1] + data.scale * change);
  const lines = changes.map((change, k) => `${iso(k + W)},${change},${forecasts[k]},${maximum[k + W]}`);
  element("save").href = `data:text/csv,${encodeURIComponent(["date,output,forecast,measured", ...lines, ""].join("\n"))}`;
  element("scores").textContent = `Root mean squared error of the year: ${celsius(error(forecasts), 2)}. ` +
    `With the maximum of the day before as the forecast: ${celsius(error(maximum.slice(W - 1, -1)), 2)}.`;

  const day = element("day"), choose = (k) => {
    day.value = k;
    history.replaceState(null, "", `#${iso(Number(day.value) + W)}`);
    show(forecasts);
  };
  day.max = days - 1;
  day.addEventListener("input", () => choose(day.value));
  element("year").addEventListener("click", (event) => {
    const box = element("year").getBoundingClientRect();
    choose(Math.round(((event.clientX - box.left - 38) / (box.width - 46)) * (days - 1)));
  });
  addEventListener("resize", () => show(forecasts));
  choose(Math.max(0, Math.min(days - 1, Math.round((Date.parse(location.hash.slice(1)) - date(W)) / 86400000) || 0)));

  element("time").disabled = false;
  element("time").addEventListener("click", () => {
    element("speed").textContent = `${model.time().toFixed(2)} µs a step`;
  });
}

main().catch((reason) => {
  element("error").textContent = `This page needs a browser with vectors in WebAssembly (SIMD). ${reason}`;
});
