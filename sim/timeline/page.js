'use strict';
// Shows the run in #data. Times are microseconds of true simulated time. Three parts: the data unpacked, the lanes
// (one canvas that is drawn anew for each view), and the page around it.

// --- the data ---

const run = JSON.parse(document.getElementById('data').textContent);
const FATES = ['delivered', 'lost', 'in flight'];
const FIRST = 0, SECOND = 1, WITNESS = 2;
const LANE_ORDER = [FIRST, WITNESS, SECOND];
const messages = run.messages.map(([kind, from, to, sent, at, fate, text]) =>
  ({kind: run.texts[kind], from, to, sent, at, fate: FATES[fate], text: run.texts[text]}));
const moments = run.moments.map(([kind, place, at, text]) => ({kind: run.texts[kind], place, at, text: run.texts[text]}));
const START = 0, END = Math.max(run.end, 1);

const STATES = {  // of the role machine, with the role that people see and the colour's name
  Stopped: ['STOP', 'stopped'], Waiting: ['WAIT', 'waiting'], Joining: ['SECOND, joining', 'joining'],
  Secondary: ['SECOND', 'secondary'], Promoting: ['PRIM, starting', 'promoting'], Prim: ['PRIM', 'prim'],
  Alone: ['ALONE', 'alone'], Demoting: ['stepping down', 'demoting'], running: ['running', 'running'], down: ['down', 'down'],
};
const stateName = (state) => (STATES[state] || [state])[0];
const stateColor = (state) => (STATES[state] || [state, 'other'])[1];

const MESSAGE_COLORS = {
  heartbeat: 'heartbeat', heartbeat_reply: 'heartbeat',
  prepare: 'register', promise: 'register', accept: 'register', accepted: 'register', refused: 'register', decided: 'register',
  attach: 'stream', attached: 'stream', stream_operation: 'stream', stream_acknowledgement: 'replies', stream_failed: 'violation',
  manifest_part: 'copy', pull: 'copy', caught_up: 'copy',
};
const MOMENTS = {  // kind: colour, shown at first
  decided: ['register', true], vote: ['register', true], command: ['order', true], link: ['other', true], boot: ['good', true],
  stop: ['fault', true], disk: ['fault', true], note: ['dim', true], resync: ['resync', true], unknown: ['violation', true],
  ordered: ['stream', false], replicated: ['replies', false], mark: ['heartbeat', false],
};
const SPANS = ['lease', 'writable', 'application', 'resync'];

const counted = (list) => list.reduce((all, each) => all.set(each.kind, (all.get(each.kind) || 0) + 1), new Map());
const messageKinds = new Map([...counted(messages)].map(([kind, count]) =>
  [kind, {count, color: MESSAGE_COLORS[kind] || 'other', on: !kind.startsWith('heartbeat')}]));
const momentKinds = new Map([...counted(moments)].filter(([kind]) => kind !== 'acknowledged' && kind !== 'role').map(([kind, count]) => {
  const [color, on] = MOMENTS[kind] || ['other', true];
  return [kind, {count, color, on}];
}));

function seconds(time, digits = 3) { return (time / 1e6).toFixed(digits) + ' s'; }
function lasting(time) { return time >= 1e6 ? (time / 1e6).toFixed(2) + ' s' : time >= 1000 ? (time / 1000).toFixed(1) + ' ms' : time + ' \u00b5s'; }

// What somebody who looks for the cause goes through, in order of time.
const instants = [];
for (const fault of run.faults) {
  instants.push({at: fault.from, type: fault.kind === 'order' ? 'commands' : 'faults', color: fault.kind === 'order' ? 'order' : 'fault', text: fault.text});
}
for (const band of run.bands) {
  if (band.from === 0 && band.state === 'down') continue;
  instants.push({at: band.from, type: 'roles', color: stateColor(band.state), place: band.place,
    text: `${stateName(band.state)} (${band.why})`});
}
for (const decision of run.decisions) {
  instants.push({at: decision.at, type: 'decisions', color: decision.primary === FIRST ? 'of-first' : 'of-second',
    text: `decided: ${decision.text}`});
}
for (const span of run.spans) {
  if (span.kind === 'resync') instants.push({at: span.from, type: 'resyncs', color: 'resync', place: span.place, text: `resync begins, ${lasting(span.to - span.from)}`});
}
if (run.healed >= 0) instants.push({at: run.healed, type: 'run', color: 'good', text: 'everything is healed for good'});
if (run.at_rest >= 0) instants.push({at: run.at_rest, type: 'run', color: 'good', text: 'at rest: in sync, nothing under way'});
instants.sort((a, b) => a.at - b.at);
if (run.violation) instants.push({at: run.violation.at, type: 'violation', color: 'violation', text: `${run.violation.invariant} is broken`});

// --- the lanes ---

const canvas = document.getElementById('lanes'), map = document.getElementById('map');
const GUTTER = 96, AXIS = 24, DECIDED = 26, FAULT = 17, ROLE = 25, THIN = 9, PITCH = 13, FONT = '12px system-ui, "DejaVu Sans", sans-serif';
const ROWS = [...SPANS, 'acknowledged', 'events'];
const SPAN_MIN = 200;  // microseconds: the closest look
const view = {from: START, to: END};
let colors = {}, hits = [], lanes = [], size = {width: 0, height: 0}, pending = false, selected = null;

function readColors() {
  const style = getComputedStyle(document.documentElement);
  colors = new Proxy({}, {get: (known, name) => known[name] || (known[name] = style.getPropertyValue('--' + name).trim() || '#888')});
}

// Faults of one machine that overlap lie in rows of their own.
function stackFaults(place) {
  const ends = [];
  return run.faults.filter((fault) => fault.places.includes(place)).map((fault) => {
    let row = ends.findIndex((end) => end <= fault.from);
    if (row < 0) row = ends.length < 4 ? ends.push(0) - 1 : 3;
    ends[row] = Math.max(fault.to, fault.from + 1);
    return {fault, row};
  });
}
const faultsOf = [FIRST, SECOND, WITNESS].map(stackFaults);
const faultRows = faultsOf.map((list) => list.reduce((rows, each) => Math.max(rows, each.row + 1), 0));

const heights = LANE_ORDER.map((place) => faultRows[place] * FAULT + 4 + ROLE + 4 + (place === WITNESS ? 13 : ROWS.length * PITCH) + 2);
const FIXED = AXIS + DECIDED + 20 + heights.reduce((a, b) => a + b, 0), GAP_MIN = 70;
document.querySelector('main').style.minHeight = FIXED + 2 * GAP_MIN + 'px';

function placeLanes() {
  const gap = Math.max(GAP_MIN, Math.min(150, (size.height - FIXED) / 2));
  let top = AXIS + DECIDED + 14;
  lanes = [];
  LANE_ORDER.forEach((place, i) => {
    const role = top + faultRows[place] * FAULT + 4;
    lanes[place] = {place, top, bottom: top + heights[i], role, rows: role + ROLE + 4};
    top += heights[i] + gap;
  });
}

const x = (time) => GUTTER + (time - view.from) / (view.to - view.from) * (size.width - GUTTER);
const timeAt = (px) => view.from + (px - GUTTER) / (size.width - GUTTER) * (view.to - view.from);
const visible = (from, to) => to >= view.from && from <= view.to;

function hit(x0, y0, x1, y1, title, text, sub) { hits.push({x0, y0, x1, y1, title, text, sub}); }

function block(ctx, from, to, top, height, fill, ink, label) {
  const left = Math.max(x(from), GUTTER), right = Math.min(x(to), size.width);
  ctx.fillStyle = fill;
  ctx.fillRect(left, top, Math.max(right - left, 1), height);
  if (!label || right - left < 18) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, right - left - 3, height);
  ctx.clip();
  ctx.fillStyle = ink;
  ctx.fillText(label, left + 5, top + height / 2 + 0.5);
  ctx.restore();
}

let hatchPattern = null;
function hatch(ctx) {
  if (hatchPattern) return hatchPattern;
  const tile = document.createElement('canvas');
  tile.width = tile.height = 8;
  const t = tile.getContext('2d');
  t.strokeStyle = colors.dim;
  t.globalAlpha = 0.35;
  t.beginPath();
  for (const shift of [-8, 0, 8]) { t.moveTo(shift, 8); t.lineTo(shift + 8, 0); }
  t.stroke();
  return hatchPattern = ctx.createPattern(tile, 'repeat');
}

function drawAxis(ctx) {
  const wanted = (view.to - view.from) / Math.max(3, (size.width - GUTTER) / 110);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= wanted);
  const digits = Math.max(0, Math.min(6, 6 - Math.floor(Math.log10(step) + 1e-9)));
  ctx.textAlign = 'center';
  for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
    const px = Math.round(x(t)) + 0.5;
    ctx.strokeStyle = colors.line;
    ctx.beginPath();
    ctx.moveTo(px, AXIS - 5);
    ctx.lineTo(px, size.height);
    ctx.stroke();
    ctx.fillStyle = colors.dim;
    if (px > GUTTER + 24 && px < size.width - 24) ctx.fillText((t / 1e6).toFixed(digits) + ' s', px, 10);
  }
  ctx.textAlign = 'left';
}

function drawDecisions(ctx) {
  ctx.fillStyle = colors.dim;
  ctx.fillText('decided', 8, AXIS + DECIDED / 2);
  run.decisions.forEach((decision, i) => {
    const to = i + 1 < run.decisions.length ? run.decisions[i + 1].at : END;
    if (!visible(decision.at, to)) return;
    const node = run.places[decision.primary];
    const label = `epoch ${decision.epoch}: ${node} primary` + (decision.both ? ', both in sync' : ', alone');
    const color = decision.primary === FIRST ? colors['of-first'] : colors['of-second'];
    ctx.globalAlpha = decision.both ? 1 : 0.72;
    block(ctx, decision.at, to, AXIS + 2, DECIDED - 4, color, colors['of-ink'], label);
    ctx.globalAlpha = 1;
    ctx.fillStyle = colors.panel;
    ctx.fillRect(x(decision.at) - 1, AXIS, 2, DECIDED);
    hit(x(decision.at), AXIS, x(to), AXIS + DECIDED, label,
      decision.text, `first known to be decided by ${run.places[decision.place]} at ${seconds(decision.at, 6)}`);
  });
}

function drawLane(ctx, lane) {
  const place = lane.place;
  ctx.globalAlpha = 0.85;
  ctx.fillStyle = colors.lane;
  ctx.fillRect(0, lane.top, size.width, lane.bottom - lane.top);
  ctx.globalAlpha = 1;
  for (const band of run.bands) {
    if (band.place !== place || !visible(band.from, band.to)) continue;
    const color = stateColor(band.state);
    if (band.state === 'down') {
      ctx.fillStyle = hatch(ctx);
      const left = Math.max(GUTTER, x(band.from));
      ctx.fillRect(left, lane.role, Math.min(x(band.to), size.width) - left, lane.bottom - lane.role);
    }
    const label = band.state === 'down' ? `down: ${band.why}` : stateName(band.state);
    ctx.font = '600 ' + FONT;
    block(ctx, band.from, band.to, lane.role, ROLE, colors[color], colors[color + '-ink'], label);
    ctx.font = FONT;
    ctx.fillStyle = colors.lane;
    if (band.from > view.from) ctx.fillRect(x(band.from) - 0.5, lane.role, 1, ROLE);
    hit(x(band.from), lane.role, x(band.to), lane.role + ROLE, `${run.places[place]}: ${stateName(band.state)}`,
      `since ${seconds(band.from, 6)}, for ${lasting(band.to - band.from)}\nbecause: ${band.why}`, `state ${band.state}`);
  }
  for (const {fault, row} of faultsOf[place]) drawFault(ctx, lane, fault, row);
  if (place !== WITNESS) drawRows(ctx, lane);
  drawMoments(ctx, lane);
  drawGutter(ctx, lane);
}

function drawFault(ctx, lane, fault, row) {
  if (!visible(fault.from, fault.to)) return;
  const top = lane.top + 2 + row * FAULT, order = fault.kind === 'order';
  const color = order ? colors.order : colors.fault;
  const left = Math.max(GUTTER, x(fault.from)), right = Math.max(x(fault.to), left + 2);
  const instant = fault.to === fault.from;
  if (!instant) {
    ctx.fillStyle = order ? colors['order-fill'] : colors['fault-fill'];
    ctx.fillRect(left, top, Math.min(right, size.width) - left, FAULT - 2);
  }
  ctx.fillStyle = color;
  if (x(fault.from) >= GUTTER - 2) ctx.fillRect(x(fault.from), top, 3, FAULT - 2);
  // The label may run beyond a short fault, up to the next one in its row.
  const next = faultsOf[lane.place].find((each) => each.row === row && each.fault.from > fault.from);
  const room = Math.min(size.width, next ? x(next.fault.from) : size.width) - left - 6;
  if (room > 24 && (!instant || x(fault.from) >= GUTTER)) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, room + 4, FAULT);
    ctx.clip();
    ctx.fillText(fault.text, left + 6, top + FAULT / 2 - 0.5);
    ctx.restore();
  }
  hit(left - 2, top, Math.max(right, left + Math.min(room, 60)), top + FAULT, fault.text,
    instant ? `at ${seconds(fault.from, 6)}` : `${seconds(fault.from, 6)} to ${seconds(fault.to, 6)}`,
    'concerns ' + fault.places.map((p) => run.places[p]).join(' and '));
}

const rowTop = (lane, name) => lane.rows + ROWS.indexOf(name) * PITCH;

function drawRows(ctx, lane) {
  for (const span of run.spans) {
    if (span.place !== lane.place || !visible(span.from, span.to)) continue;
    const top = rowTop(lane, span.kind);
    const left = Math.max(GUTTER, x(span.from));
    ctx.fillStyle = colors[span.kind];
    ctx.fillRect(left, top, Math.max(1.5, Math.min(x(span.to), size.width) - left), THIN);
    hit(left, top, x(span.to), top + THIN, `${run.places[lane.place]}: ${span.kind}`, `${span.text}\n${seconds(span.from, 6)} to ${seconds(span.to, 6)}`,
      lasting(span.to - span.from));
  }
  const top = rowTop(lane, 'acknowledged');
  ctx.fillStyle = colors.acknowledged;
  for (const moment of moments) {
    if (moment.kind !== 'acknowledged' || moment.place !== lane.place || moment.at < view.from || moment.at > view.to) continue;
    const px = x(moment.at);
    ctx.fillRect(px - 0.75, top, 1.5, THIN);
    hit(px - 2, top, px + 2, top + THIN, moment.text, `at ${seconds(moment.at, 6)}`, run.places[lane.place]);
  }
}

function drawMoments(ctx, lane) {
  const top = lane.place === WITNESS ? lane.rows + 1 : rowTop(lane, 'events');
  for (const moment of moments) {
    const kind = momentKinds.get(moment.kind);
    if (!kind || !kind.on || moment.place !== lane.place || moment.at < view.from || moment.at > view.to) continue;
    const px = x(moment.at);
    ctx.fillStyle = colors[kind.color];
    ctx.beginPath();
    ctx.moveTo(px, top);
    ctx.lineTo(px + 4, top + THIN / 2);
    ctx.lineTo(px, top + THIN);
    ctx.lineTo(px - 4, top + THIN / 2);
    ctx.fill();
    hit(px - 4, top, px + 4, top + THIN, moment.kind, moment.text, `${run.places[lane.place]} at ${seconds(moment.at, 6)}`);
  }
}

function drawGutter(ctx, lane) {
  ctx.fillStyle = colors.panel;
  ctx.fillRect(0, lane.top, GUTTER - 1, lane.bottom - lane.top);
  ctx.fillStyle = colors.text;
  ctx.font = '700 14px system-ui, "DejaVu Sans", sans-serif';
  ctx.fillText(run.places[lane.place], 8, lane.role + ROLE / 2);
  ctx.font = '11px system-ui, "DejaVu Sans", sans-serif';
  ctx.fillStyle = colors.dim;
  if (faultRows[lane.place] > 0) ctx.fillText('faults', 8, lane.top + 2 + FAULT / 2);
  if (lane.place === WITNESS) ctx.fillText('events', 8, lane.rows + 1 + THIN / 2);
  else for (const name of ROWS) ctx.fillText(name, 8, rowTop(lane, name) + THIN / 2);
  ctx.font = FONT;
}

// Between which heights a message travels: from lane to lane, the nodes' own across the witness's.
function ends(message) {
  const from = lanes[message.from], to = lanes[message.to];
  return from.top < to.top ? [from.bottom, to.top] : [from.top, to.bottom];
}

function drawMessages(ctx) {
  const shown = messages.filter((m) => messageKinds.get(m.kind).on && visible(m.sent, m.fate === 'delivered' ? m.at : m.sent));
  const heads = shown.length < 1500, labels = shown.length < 80 ? [] : null;
  const alpha = shown.length > 3000 ? 0.25 : shown.length > 800 ? 0.4 : shown.length > 200 ? 0.65 : 0.95;
  const later = [];  // texts lie over all lines
  for (const message of shown) {
    const [y0, y1] = ends(message);
    const x0 = x(message.sent), delivered = message.fate === 'delivered';
    const x1 = delivered ? x(message.at) : x0 + 10, yEnd = delivered ? y1 : y0 + (y1 - y0) * (Math.abs(y1 - y0) > 200 ? 0.25 : 0.45);
    ctx.strokeStyle = ctx.fillStyle = colors[messageKinds.get(message.kind).color];
    ctx.globalAlpha = message.fate === 'lost' ? 1 : alpha;
    ctx.lineWidth = 1.2;
    ctx.setLineDash(message.fate === 'in flight' ? [4, 3] : []);
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, yEnd);
    ctx.stroke();
    ctx.setLineDash([]);
    if (delivered && heads) arrowHead(ctx, x0, y0, x1, yEnd);
    if (message.fate === 'lost') cross(ctx, x1, yEnd);
    if (labels) later.push(() => labelMessage(ctx, message, labels, {x0, y0, x1, y1: yEnd}));
    hits.push({line: true, x0, y0, x1, y1: yEnd, title: `${message.kind}: ${run.places[message.from]} to ${run.places[message.to]}`, text: message.text,
      sub: `sent ${seconds(message.sent, 6)}, ` + (delivered ? `delivered ${seconds(message.at, 6)} (${lasting(message.at - message.sent)})`
        : message.fate === 'lost' ? 'LOST with its connection' : 'still in flight when the run ended')});
  }
  ctx.globalAlpha = 1;
  ctx.lineWidth = 1;
  for (const label of later) label();
}

// In the gap beside the sender, where no other label is yet.
function labelMessage(ctx, message, taken, line) {
  const text = message.text.length > 40 ? message.text.slice(0, 39) + '\u2026' : message.text;
  ctx.font = '11px system-ui, "DejaVu Sans", sans-serif';
  const width = ctx.measureText(text).width, down = line.y1 > line.y0 ? 1 : -1;
  for (let away = 14; away < 50; away += 13) {
    const y = line.y0 + down * away;
    const left = line.x0 + (line.x1 - line.x0) * away / Math.abs(line.y1 - line.y0) + 5;
    if (left + width > size.width || taken.some((t) => Math.abs(t.y - y) < 12 && left < t.right && left + width > t.left)) continue;
    taken.push({y, left: left - 4, right: left + width + 4});
    ctx.fillStyle = colors.panel;
    ctx.fillRect(left - 2, y - 6, width + 4, 12);
    ctx.fillStyle = colors[messageKinds.get(message.kind).color];
    ctx.fillText(text, left, y);
    break;
  }
  ctx.font = FONT;
}

function arrowHead(ctx, x0, y0, x1, y1) {
  const angle = Math.atan2(y1 - y0, x1 - x0);
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x1 - 7 * Math.cos(angle - 0.4), y1 - 7 * Math.sin(angle - 0.4));
  ctx.lineTo(x1 - 7 * Math.cos(angle + 0.4), y1 - 7 * Math.sin(angle + 0.4));
  ctx.fill();
}

function cross(ctx, px, py) {
  ctx.strokeStyle = colors.violation;
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.moveTo(px - 4, py - 4);
  ctx.lineTo(px + 4, py + 4);
  ctx.moveTo(px + 4, py - 4);
  ctx.lineTo(px - 4, py + 4);
  ctx.stroke();
  ctx.lineWidth = 1;
}

function upright(ctx, time, color, label, dash) {
  if (time < view.from || time > view.to) return;
  const px = Math.round(x(time)) + 0.5;
  ctx.strokeStyle = color;
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(px, AXIS - 4);
  ctx.lineTo(px, size.height);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.fillStyle = color;
  const width = ctx.measureText(label).width;
  ctx.fillText(label, px - width - 4 > GUTTER ? px - width - 4 : px + 4, size.height - 9);
}

function wrap(ctx, text, width) {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const longer = lines[lines.length - 1] ? lines[lines.length - 1] + ' ' + word : word;
    if (ctx.measureText(longer).width > width && lines[lines.length - 1]) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function drawViolation(ctx) {
  const violation = run.violation;
  if (!violation || violation.at < view.from - (view.to - view.from) || violation.at > view.to) return;
  const px = x(violation.at);
  if (px < GUTTER) return;
  ctx.strokeStyle = ctx.fillStyle = colors.violation;
  ctx.lineWidth = 3;
  ctx.beginPath();
  ctx.moveTo(px, AXIS);
  ctx.lineTo(px, size.height);
  ctx.stroke();
  ctx.lineWidth = 1;
  const room = size.width - px - 14, beside = room >= 230;
  const width = Math.min(330, beside ? room : px - GUTTER - 14), left = beside ? px + 8 : px - width - 8;
  ctx.font = '700 15px system-ui, "DejaVu Sans", sans-serif';
  const title = `${violation.invariant} broken at ${seconds(violation.at, 6)}`;
  ctx.font = '12.5px system-ui, "DejaVu Sans", sans-serif';
  const lines = wrap(ctx, violation.text, width - 20).slice(0, 7);
  const height = 30 + lines.length * 16 + 8, gap = lanes[FIRST].bottom;
  const top = Math.max(AXIS + DECIDED, gap + (lanes[WITNESS].top - gap - height) / 2);
  ctx.fillRect(left, top, width, height);
  ctx.fillStyle = '#fff';
  ctx.font = '700 15px system-ui, "DejaVu Sans", sans-serif';
  ctx.fillText(title, left + 10, top + 17, width - 20);
  ctx.font = '12.5px system-ui, "DejaVu Sans", sans-serif';
  lines.forEach((line, i) => ctx.fillText(line, left + 10, top + 38 + i * 16));
  ctx.font = FONT;
}

function prepare(element) {
  const box = element.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
  element.width = Math.round(box.width * scale);
  element.height = Math.round(box.height * scale);
  const ctx = element.getContext('2d');
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  ctx.font = FONT;
  ctx.textBaseline = 'middle';
  return [ctx, box.width, box.height];
}

function drawLanes() {
  const [ctx, width, height] = prepare(canvas);
  size = {width, height};
  placeLanes();
  hits = [];
  ctx.fillStyle = colors.panel;
  ctx.fillRect(0, 0, width, height);
  drawAxis(ctx);
  ctx.save();
  ctx.beginPath();
  ctx.rect(GUTTER, 0, width - GUTTER, height);
  ctx.clip();
  drawMessages(ctx);
  ctx.restore();
  for (const place of LANE_ORDER) drawLane(ctx, lanes[place]);
  drawDecisions(ctx);
  if (run.healed >= 0) upright(ctx, run.healed, colors.good, 'healed', [5, 4]);
  if (run.at_rest >= 0) upright(ctx, run.at_rest, colors.good, 'at rest', [5, 4]);
  if (selected) upright(ctx, selected.at, colors.dim, '', [2, 3]);
  drawViolation(ctx);
  document.getElementById('range').textContent = `${seconds(view.from)} to ${seconds(view.to)} (${lasting(Math.round(view.to - view.from))})`;
}

function drawMap() {
  const [ctx, width, height] = prepare(map);
  const at = (time) => time / END * width;
  ctx.fillStyle = colors.panel;
  ctx.fillRect(0, 0, width, height);
  run.decisions.forEach((decision, i) => {
    const to = i + 1 < run.decisions.length ? run.decisions[i + 1].at : END;
    ctx.fillStyle = decision.primary === FIRST ? colors['of-first'] : colors['of-second'];
    ctx.globalAlpha = decision.both ? 1 : 0.6;
    ctx.fillRect(at(decision.at), 2, at(to) - at(decision.at), 8);
  });
  ctx.globalAlpha = 1;
  const tops = {[FIRST]: 13, [WITNESS]: 28, [SECOND]: 35}, heights = {[FIRST]: 13, [WITNESS]: 5, [SECOND]: 13};
  for (const band of run.bands) {
    ctx.fillStyle = colors[stateColor(band.state)];
    ctx.fillRect(at(band.from), tops[band.place], Math.max(1, at(band.to) - at(band.from)), heights[band.place]);
  }
  for (const fault of run.faults) {
    ctx.fillStyle = fault.kind === 'order' ? colors.order : colors.fault;
    ctx.globalAlpha = 0.7;
    ctx.fillRect(at(fault.from), 51, Math.max(2, at(fault.to) - at(fault.from)), 7);
  }
  ctx.globalAlpha = 1;
  if (run.violation) { ctx.fillStyle = colors.violation; ctx.fillRect(Math.min(at(run.violation.at), width - 4), 0, 4, height); }
  const left = at(view.from), right = Math.max(at(view.to), left + 3);
  ctx.fillStyle = colors.page;
  ctx.globalAlpha = 0.62;
  ctx.fillRect(0, 0, left, height);
  ctx.fillRect(right, 0, width - right, height);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colors.text;
  ctx.lineWidth = 2;
  ctx.strokeRect(left + 1, 1, right - left - 2, height - 2);
  ctx.lineWidth = 1;
}

function draw() {
  if (pending) return;
  pending = true;
  requestAnimationFrame(() => { pending = false; drawLanes(); drawMap(); });
}

// --- the page around it ---

function show(from, to) {
  const span = Math.min(Math.max(to - from, SPAN_MIN), (END - START) * 1.04);
  const middle = (from + to) / 2;
  // Beside a violation there is room for its text: nothing comes after it.
  const last = Math.max(END * 1.02, run.violation ? END + span * 0.38 : 0);
  view.from = Math.max(START - END * 0.01, Math.min(middle - span / 2, last - span));
  view.to = view.from + span;
  draw();
}
function zoom(factor, around = (view.from + view.to) / 2) {
  show(around - (around - view.from) * factor, around + (view.to - around) * factor);
}
function wholeRun() { show(START, END * 1.02); }
function lookAt(time) {
  const span = Math.min(view.to - view.from, 8e6);
  show(time - span * 0.5, time + span * 0.5);
}
function showViolation() {
  select(instants.length - 1);
  show(run.violation.at - 4.5e6, run.violation.at + 2.5e6);
}

function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}
function swatch(color) {
  const made = element('i', {});
  made.style.setProperty('--c', `var(--${color})`);
  return made;
}
function chip(parent, name, kind, changed) {
  const button = element('button', {type: 'button', className: 'chip' + (kind.on ? ' on' : '')}, swatch(kind.color), name.replaceAll('_', ' '),
    element('small', {textContent: kind.count}));
  button.setAttribute('aria-pressed', kind.on);
  button.addEventListener('click', () => {
    kind.on = !kind.on;
    button.classList.toggle('on', kind.on);
    button.setAttribute('aria-pressed', kind.on);
    changed();
  });
  parent.append(button);
}

const instantList = document.getElementById('instants');
const instantTypes = new Map();
function fillInstants() {
  const filters = document.getElementById('filters');
  for (const each of instants) {
    if (!instantTypes.has(each.type)) instantTypes.set(each.type, {count: 0, color: each.type === 'roles' ? 'prim' : each.color, on: true});
    ++instantTypes.get(each.type).count;
  }
  const apply = () => instants.forEach((each) => { each.row.hidden = !instantTypes.get(each.type).on; each.row.style.display = each.row.hidden ? 'none' : ''; });
  for (const [type, kind] of instantTypes) if (type !== 'violation' && type !== 'run') chip(filters, type, kind, apply);
  instants.forEach((each, i) => {
    const text = element('span', {});
    if (each.place !== undefined) text.append(element('b', {textContent: run.places[each.place] + ': '}));
    text.append(each.text);
    each.row = element('li', {className: each.type === 'violation' ? 'violation' : ''}, element('time', {textContent: (each.at / 1e6).toFixed(3)}),
      swatch(each.color), text);
    each.row.addEventListener('click', () => { select(i); each.type === 'violation' ? showViolation() : lookAt(each.at); });
    instantList.append(each.row);
  });
}
function select(i) {
  if (selected) selected.row.classList.remove('now');
  selected = instants[i];
  selected.row.classList.add('now');
  instantList.scrollTop = selected.row.offsetTop - instantList.offsetTop - instantList.clientHeight / 2;
}
function step(by) {
  const present = selected ? instants.indexOf(selected) : by > 0 ? -1 : instants.length;
  for (let i = present + by; i >= 0 && i < instants.length; i += by) {
    if (instants[i].row.hidden) continue;
    select(i);
    return lookAt(instants[i].at);
  }
}

function distance(px, py, line) {
  const dx = line.x1 - line.x0, dy = line.y1 - line.y0, length = dx * dx + dy * dy || 1;
  const along = Math.max(0, Math.min(1, ((px - line.x0) * dx + (py - line.y0) * dy) / length));
  return Math.hypot(px - line.x0 - along * dx, py - line.y0 - along * dy);
}
function found(px, py) {
  if (px < GUTTER) return null;
  let best = null, nearest = 6;
  for (let i = hits.length - 1; i >= 0; --i) {
    const each = hits[i];
    if (!each.line && px >= each.x0 && px <= each.x1 && py >= each.y0 && py <= each.y1) return each;
  }
  for (const each of hits) {
    if (!each.line) continue;
    const away = distance(px, py, each);
    if (away < nearest) { nearest = away; best = each; }
  }
  return best;
}
const hint = document.getElementById('hint');
function hover(event) {
  const box = canvas.getBoundingClientRect(), px = event.clientX - box.left, py = event.clientY - box.top;
  const each = found(px, py);
  hint.hidden = !each;
  if (!each) return;
  hint.replaceChildren(element('b', {textContent: each.title}), each.text, element('em', {textContent: each.sub}));
  const width = hint.offsetWidth, height = hint.offsetHeight;
  hint.style.left = Math.max(4, Math.min(px + 14, size.width - width - 6)) + 'px';
  hint.style.top = (py + 18 + height > size.height ? py - height - 10 : py + 18) + 'px';
}

let drag = null;
canvas.addEventListener('pointerdown', (event) => { drag = {px: event.clientX, from: view.from, to: view.to}; canvas.setPointerCapture(event.pointerId); });
canvas.addEventListener('pointerup', () => { drag = null; });
canvas.addEventListener('pointermove', (event) => {
  if (!drag) return hover(event);
  const shift = (drag.px - event.clientX) / (size.width - GUTTER) * (drag.to - drag.from);
  hint.hidden = true;
  show(drag.from + shift, drag.to + shift);
});
canvas.addEventListener('pointerleave', () => { hint.hidden = true; });
canvas.addEventListener('wheel', (event) => {
  event.preventDefault();
  const across = event.shiftKey ? event.deltaY : event.deltaX;
  if (Math.abs(across) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
    const shift = across / size.width * (view.to - view.from);
    return show(view.from + shift, view.to + shift);
  }
  const around = timeAt(Math.max(GUTTER, event.clientX - canvas.getBoundingClientRect().left));
  zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.004), around);
}, {passive: false});
canvas.addEventListener('dblclick', (event) => zoom(0.25, timeAt(event.clientX - canvas.getBoundingClientRect().left)));
function mapTo(event) {
  const box = map.getBoundingClientRect(), half = (view.to - view.from) / 2;
  const time = (event.clientX - box.left) / box.width * END;
  const span = half * 2 > END * 0.9 ? 5e6 : half;
  show(time - span, time + span);
}
map.addEventListener('pointerdown', (event) => { map.setPointerCapture(event.pointerId); mapTo(event); });
map.addEventListener('pointermove', (event) => { if (event.buttons) mapTo(event); });
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const shift = (view.to - view.from) * 0.2;
  const keys = {
    n: () => step(1), p: () => step(-1), '+': () => zoom(0.6), '=': () => zoom(0.6), '-': () => zoom(1.7), 0: wholeRun,
    ArrowLeft: () => show(view.from - shift, view.to - shift), ArrowRight: () => show(view.from + shift, view.to + shift),
    v: () => run.violation && showViolation(),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
document.getElementById('fit').addEventListener('click', wholeRun);
document.getElementById('in').addEventListener('click', () => zoom(0.5));
document.getElementById('out').addEventListener('click', () => zoom(2));
new ResizeObserver(draw).observe(canvas);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { readColors(); hatchPattern = null; draw(); });

function describeRun() {
  const broken = run.violation;
  const verdict = document.getElementById('verdict');
  verdict.textContent = broken ? `${broken.invariant} broken` : 'clean';
  verdict.classList.toggle('broken', Boolean(broken));
  document.title = `${run.name}: ${verdict.textContent}`;
  document.getElementById('name').textContent = run.name + run.plants.replaceAll(' --plant ', ', planted: ');
  const lost = messages.filter((message) => message.fate === 'lost').length;
  const faults = run.faults.filter((fault) => fault.kind !== 'order').length;
  document.getElementById('facts').textContent = `${seconds(END)} simulated, ${faults} faults, ${run.acknowledged} operations acknowledged, ` +
    `${messages.length} messages sent, ${lost} of them lost` +
    (run.irrecoverable ? '; the last complete copy was lost: the cluster rightly waits for a person' : '');
  document.querySelector('#scenario pre').textContent = run.scenario;
  if (!broken) return;
  const box = document.getElementById('violation');
  box.hidden = false;
  box.querySelector('strong').textContent = `${broken.invariant} at ${seconds(broken.at, 6)}`;
  box.querySelector('span').textContent = broken.text;
  box.querySelector('button').addEventListener('click', showViolation);
}

function fillLegend() {
  const legend = document.getElementById('legend');
  for (const state of ['Prim', 'Alone', 'Secondary', 'Joining', 'Promoting', 'Demoting', 'Waiting', 'Stopped', 'down']) {
    legend.append(element('span', {}, swatch(stateColor(state)), stateName(state)));
  }
}

readColors();
describeRun();
for (const [name, kind] of messageKinds) chip(document.getElementById('kinds'), name, kind, draw);
for (const [name, kind] of momentKinds) chip(document.getElementById('moments'), name, kind, draw);
fillInstants();
fillLegend();
const asked = location.hash.match(/^#([\d.]+)-([\d.]+)$/);  // "#42.1-43.4": from and to, in seconds
if (run.violation) showViolation(); else wholeRun();
if (asked) show(asked[1] * 1e6, asked[2] * 1e6);
