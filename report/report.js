// What the report does beyond standing there: tabs, folds, sorting, and a timeline to zoom into. Without this
// script, and on paper, everything is visible.
'use strict';

const texts = JSON.parse(document.getElementById('texts').textContent);
const zoomData = JSON.parse(document.getElementById('zoom-data')?.textContent || '[]');
const make = (name, properties, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

// Tabs: one panel at a time; tabs with the same title change together wherever the group stands.

function childPanels(panels) {
  return [...panels.children].filter(child => child.classList.contains('panel'));
}

function showPanel(panels, title) {
  const all = title === null, list = childPanels(panels);
  if (!all && !list.some(panel => panel.dataset.title === title)) return;
  panels.classList.toggle('all', all);
  for (const panel of list) panel.classList.toggle('hidden', !all && panel.dataset.title !== title);
  for (const tab of panels.querySelectorAll(':scope > .tabs > button')) {
    const chosen = (tab.dataset.title ?? null) === title;
    tab.setAttribute('aria-selected', chosen);
    tab.tabIndex = chosen ? 0 : -1;
  }
  for (const timeline of panels.querySelectorAll('.timeline[data-zoom]')) timeline.redraw();
}

function showGroup(group, title) {
  for (const panels of document.querySelectorAll('.panels')) {
    if (panels.dataset.group === group) showPanel(panels, title);
  }
}

function makeTabs(panels, number) {
  const list = childPanels(panels);
  if (list.length < 2) return;
  const tabs = make('div', {className: 'tabs', role: 'tablist'});
  const titles = [...list.map(panel => panel.dataset.title), null];
  list.forEach((panel, i) => {
    panel.id = `panel-${number}-${i}`;
    panel.setAttribute('role', 'tabpanel');
    panel.setAttribute('aria-label', panel.dataset.title);
  });
  for (const [i, title] of titles.entries()) {
    const tab = make('button', {type: 'button', role: 'tab', textContent: title ?? texts.all});
    if (title !== null) {
      tab.dataset.title = title;
      tab.setAttribute('aria-controls', `panel-${number}-${i}`);
    }
    tab.onclick = () => {
      const before = tabs.getBoundingClientRect().top;
      showGroup(panels.dataset.group, title);
      window.scrollBy(0, tabs.getBoundingClientRect().top - before);  // others above may have changed their height
    };
    tabs.append(tab);
  }
  tabs.onkeydown = event => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    const buttons = [...tabs.children];
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    next.click();
    next.focus();
    event.preventDefault();
  };
  panels.prepend(tabs);
  showPanel(panels, titles[0]);
}

// Folds: long lists that one seldom needs.

function makeFold(fold) {
  const button = make('button', {type: 'button', className: 'fold-button', textContent: fold.dataset.title});
  const show = open => {
    fold.classList.toggle('folded', !open);
    button.setAttribute('aria-expanded', open);
  };
  button.onclick = () => show(fold.classList.contains('folded'));
  fold.prepend(button);
  show(false);
}

// Sorting: a click on a heading sorts by that column, largest first, then smallest, then as it was.

function valueOf(row, column) {
  const cell = row.cells[column];
  if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
  return cell.tagName === 'TH' || !cell.classList.contains('none') ? cell.textContent.trim() : -Infinity;
}

function makeSortable(table) {
  const body = table.tBodies[0], original = [...body.rows];
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    if (heading.tagName !== 'TH') return;
    const button = make('button', {type: 'button', title: texts.sort}, ...heading.childNodes);
    heading.append(button);
    button.onclick = () => {
      const next = {none: 'descending', descending: 'ascending', ascending: 'none'}[heading.ariaSort || 'none'];
      for (const other of headings) other.removeAttribute('aria-sort');
      if (next !== 'none') heading.setAttribute('aria-sort', next);
      const sign = next === 'ascending' ? 1 : -1;
      const less = (a, b) => {
        const x = valueOf(a, column), y = valueOf(b, column);
        return typeof x === 'number' && typeof y === 'number' ? sign * (x - y) : sign * String(x).localeCompare(String(y));
      };
      body.append(...(next === 'none' ? original : [...original].sort(less)));
    };
  });
}

// Timeline. Heights come as "d12ai": a letter for 0 to 8, and how often; counts as "3x12,0,16".

function heightsOf(text) {
  const heights = [];
  for (const [, letter, count] of text.matchAll(/([a-i])(\d*)/g))
    for (let i = 0; i < (Number(count) || 1); ++i) heights.push(letter.charCodeAt(0) - 97);
  return heights;
}

function countsOf(text) {
  const counts = [];
  for (const [, value, times] of text.matchAll(/(\d+)(?:x(\d+))?/g))
    for (let i = 0; i < (Number(times) || 1); ++i) counts.push(Number(value));
  return counts;
}

function laneOf(picture, run, lane) {
  const known = zoomData[picture].runs[run], one = known.lanes[lane];
  if (!one.read) {
    one.read = one.states.map(([name, ink, parts]) => ({name, ink, parts: heightsOf(parts)}));
    one.counts = countsOf(one.exits);
  }
  return {columnSeconds: Math.pow(2, known.shift) * 1e-12, states: one.read, counts: one.counts};
}

// The sum of `numbers` from `begin` to `end`, columns and parts of them.
function spanSum(numbers, begin, end) {
  let sum = 0;
  for (let i = Math.max(0, Math.floor(begin)); i < Math.min(numbers.length, end); ++i)
    sum += numbers[i] * (Math.min(i + 1, end) - Math.max(i, begin));
  return sum;
}

// As the report's overview is drawn: each state's area up to its upper edge, the upper ones first.
function drawLane(svg, lane, from, until) {
  const width = Math.max(50, Math.round(svg.getBoundingClientRect().width)), height = 16, part = height / 8;
  const perPixel = (until - from) / width / lane.columnSeconds, first = from / lane.columnSeconds;
  const tops = lane.states.map(() => []);
  for (let x = 0; x < width; ++x) {
    let top = 0;
    lane.states.forEach((state, i) => {
      top += spanSum(state.parts, first + x * perPixel, first + (x + 1) * perPixel) / perPixel;
      tops[i].push(Math.round(top * part * 4) / 4);
    });
  }
  const title = svg.querySelector('title');
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const paths = tops.map((edge, i) => {
    let path = '';
    for (let x = 0; x < width;) {
      let end = x + 1;
      while (end < width && edge[end] === edge[x]) ++end;
      if (edge[x] > 0) path += `M${x} ${height}V${height - edge[x]}H${end}V${height}z`;
      x = end;
    }
    return `<path class="s-${lane.states[i].ink}" d="${path}"/>`;
  });
  svg.innerHTML = paths.reverse().join('');
  svg.prepend(title);
}

const units = [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs'], [1e-9, 'ns']];
function timeText(seconds, step) {
  if (seconds === 0) return '0';
  const [size, unit] = units.find(([limit]) => Math.abs(seconds) >= limit * 0.9995) || units[3];
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10((step || seconds / 100) / size) - 1e-9)));
  return (seconds / size).toFixed(digits) + ' ' + unit;
}

function tickStep(span, most) {
  const power = Math.pow(10, Math.floor(Math.log10(span / most)));
  return [1, 2, 5, 10].map(times => times * power).find(step => step >= span / most * (1 - 1e-12));
}

function drawAxis(svg, from, until) {
  const step = tickStep(until - from, 6), place = time => `${100 * (time - from) / (until - from)}%`;
  let marks = '';
  for (let i = Math.ceil(from / step - 1e-9); i * step <= until; ++i)
    marks += `<line x1="${place(i * step)}" x2="${place(i * step)}" y1="0" y2="5"/><text x="${place(i * step)}" y="17"` +
      `${i * step - from < step / 8 ? ' class="first"' : ''}>${timeText(i * step, step)}</text>`;
  const title = svg.querySelector('title');
  svg.innerHTML = marks;
  svg.prepend(title);
}

function drawPhases(svg, from, until) {
  for (const band of svg.querySelectorAll(':scope > svg')) {
    const [starts, ends] = band.dataset.span.split(' ').map(Number);
    const begin = Math.max(from, starts), end = Math.min(until, ends);
    band.setAttribute('x', `${100 * (begin - from) / (until - from)}%`);
    band.setAttribute('width', `${Math.max(0, 100 * (end - begin) / (until - from))}%`);
  }
}

function laneText(lane, from, until) {
  const begin = from / lane.columnSeconds, end = until / lane.columnSeconds, height = 8 * (end - begin);
  const shares = lane.states.map(state => [state.name, spanSum(state.parts, begin, end) / height])
    .filter(([, share]) => share >= 0.005).sort((a, b) => b[1] - a[1])
    .map(([name, share]) => `${name} ${Math.round(100 * share)} %`);
  const exits = Math.round(spanSum(lane.counts, begin, end));
  if (lane.counts.length) shares.push(`${texts.exits}: ≈ ${exits}`);
  return shares.join(', ');
}

function makeZoom(timeline) {
  const picture = Number(timeline.dataset.picture), whole = zoomData[picture].seconds;
  const least = whole / 2000;
  let from = 0, until = whole;
  const say = make('output', {});
  const redraw = () => {
    if (!timeline.getBoundingClientRect().width) return;
    for (const svg of timeline.querySelectorAll('.lane')) drawLane(svg, laneOf(...svg.dataset.lane.split('.').map(Number)), from, until);
    for (const svg of timeline.querySelectorAll('.phases')) drawPhases(svg, from, until);
    for (const svg of timeline.querySelectorAll('.axis')) drawAxis(svg, from, until);
    timeline.dataset.zoom = `${from} ${until}`;
  };
  const look = (begin, length) => {
    length = Math.min(whole, Math.max(least, length));
    from = Math.min(whole - length, Math.max(0, begin));
    until = from + length;
    redraw();
  };
  const zoom = (times, at) => look(at - (at - from) * times, (until - from) * times);
  const axis = timeline.querySelector('.axis');
  const timeAt = x => {
    const box = axis.getBoundingClientRect();
    return from + (until - from) * Math.min(1, Math.max(0, (x - box.left) / box.width));
  };
  const button = (text, act) => make('button', {type: 'button', textContent: text, onclick: act});
  timeline.before(make('div', {className: 'tools'}, button(texts.zoom_in, () => zoom(0.5, (from + until) / 2)),
    button(texts.zoom_out, () => zoom(2, (from + until) / 2)), button(texts.zoom_all, () => look(0, whole)), say));
  say.textContent = texts.zoom_help;
  timeline.tabIndex = 0;
  timeline.setAttribute('role', 'group');
  timeline.setAttribute('aria-label', texts.zoom_help);
  timeline.addEventListener('wheel', event => {
    if (event.ctrlKey || event.target.closest('.lane-label')) return;
    if (event.deltaY > 0 && until - from >= whole) return;  // nothing more to see: the page scrolls
    zoom(event.deltaY < 0 ? 0.8 : 1.25, timeAt(event.clientX));
    event.preventDefault();
  }, {passive: false});
  timeline.onkeydown = event => {
    const middle = (from + until) / 2, length = until - from;
    const acts = {'+': () => zoom(0.5, middle), '=': () => zoom(0.5, middle), '-': () => zoom(2, middle), '0': () => look(0, whole),
      ArrowLeft: () => look(from - length / 8, length), ArrowRight: () => look(from + length / 8, length)};
    if (!acts[event.key] || event.ctrlKey) return;
    acts[event.key]();
    event.preventDefault();
  };
  let held = null;
  timeline.onpointerdown = event => { held = {x: event.clientX, from}; };
  timeline.onpointerup = timeline.onpointerleave = () => { held = null; };
  timeline.onpointermove = event => {
    const length = until - from;
    if (held && event.buttons) look(held.from - (event.clientX - held.x) / axis.getBoundingClientRect().width * length, length);
    const svg = event.target.closest('.lane');
    if (!svg) return;
    const at = timeAt(event.clientX), half = length / 400, lane = laneOf(...svg.dataset.lane.split('.').map(Number));
    const name = svg.previousElementSibling.textContent;
    say.textContent = `${name} · ${timeText(at, length / 400)} · ${laneText(lane, Math.max(0, at - half), at + half)}`;
  };
  timeline.redraw = redraw;
  redraw();
  new ResizeObserver(redraw).observe(timeline);
}

document.documentElement.classList.add('js');
document.querySelectorAll('.fold').forEach(makeFold);
document.querySelectorAll('table.sortable').forEach(makeSortable);
document.querySelectorAll('.timeline').forEach(makeZoom);
document.querySelectorAll('.panels').forEach(makeTabs);
