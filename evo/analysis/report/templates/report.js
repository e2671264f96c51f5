"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const audio = document.getElementById("audio");
  const bar = {
    all: document.getElementById("bar"),
    play: document.getElementById("bar-play"),
    name: document.getElementById("bar-name"),
    position: document.getElementById("bar-position"),
    time: document.getElementById("bar-time"),
    close: document.getElementById("bar-close"),
  };
  let current = null; // the track whose sound is loaded
  let loaded = null; // the element with this sound
  let address = "";
  const timesOf = new WeakMap();
  const chartOf = new WeakMap();

  const clock = (seconds) => {
    const whole = Math.floor(seconds + 0.05);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };
  const times = (track) => {
    if (!timesOf.has(track)) timesOf.set(track, JSON.parse(track.dataset.times));
    return timesOf.get(track);
  };
  // Positions are linear in time between two changes of tempo.
  const along = (points, from, to, value) => {
    let index = 1;
    while (index < points.length - 1 && points[index][from] < value) index += 1;
    const [a, b] = [points[index - 1], points[index]];
    const share = (value - a[from]) / (b[from] - a[from] || 1);
    return a[to] + Math.min(Math.max(share, 0), 1) * (b[to] - a[to]);
  };

  const lengthOf = (track) => Number(track.querySelector(".position").max);
  const positionOf = (track) => (track === current ? audio.currentTime : Number(track.querySelector(".position").value));
  const chosenSound = (track) => {
    const choice = track.querySelector(".choice input:checked");
    return track.querySelector(`script.sound[data-kind="${choice ? choice.value : "played"}"]`);
  };

  // Show a position of a track: slider, time, playhead.
  const show = (track, seconds) => {
    const length = lengthOf(track);
    const text = `${clock(seconds)} / ${clock(length)}`;
    const slider = track.querySelector(".position");
    slider.value = seconds;
    slider.setAttribute("aria-valuetext", `${clock(seconds)} of ${clock(length)}`);
    track.querySelector(".time").textContent = text;
    const head = track.querySelector(".playhead");
    const x = along(times(track), 0, 1, seconds);
    head.setAttribute("x1", x);
    head.setAttribute("x2", x);
    if (track === current) {
      bar.position.value = seconds;
      bar.position.setAttribute("aria-valuetext", slider.getAttribute("aria-valuetext"));
      bar.time.textContent = text;
      if (!audio.paused) follow(track, x);
    }
  };
  // Keep the playhead in the visible part of a roll.
  const follow = (track, x) => {
    const box = track.querySelector(".rolls");
    const seen = box.clientWidth - 48;
    if (x < box.scrollLeft || x > box.scrollLeft + seen - 12) box.scrollLeft = Math.max(0, x - 24);
  };
  const buttons = (track, isPlaying) => {
    const all = track === current ? [track.querySelector(".play"), bar.play] : [track.querySelector(".play")];
    for (const button of all) {
      button.classList.toggle("on", isPlaying);
      button.querySelector(".word").textContent = isPlaying ? "Pause" : "Play";
    }
  };
  const draw = () => {
    if (current === null || audio.paused) return;
    show(current, audio.currentTime);
    requestAnimationFrame(draw);
  };

  const unload = () => {
    if (current === null) return;
    audio.pause();
    buttons(current, false);
    current.classList.remove("current");
    if (address) URL.revokeObjectURL(address);
    address = "";
    loaded = null;
  };
  const load = (track, seconds) => {
    const sound = chosenSound(track);
    if (track === current && sound === loaded) return;
    unload();
    const bytes = Uint8Array.from(atob(sound.textContent), (character) => character.charCodeAt(0));
    address = URL.createObjectURL(new Blob([bytes], { type: sound.dataset.media }));
    current = track;
    loaded = sound;
    audio.src = address;
    audio.currentTime = seconds;
    track.classList.add("current");
    bar.all.hidden = false;
    bar.name.textContent = track.dataset.name;
    bar.name.href = `#${track.id}`;
    bar.position.max = lengthOf(track);
    bar.position.setAttribute("aria-label", `Position in ${track.dataset.name}`);
  };
  const play = (track) => {
    load(track, positionOf(track));
    audio.play().catch((error) => {
      if (error.name !== "AbortError") track.querySelector(".time").textContent = "this browser cannot play the sound";
    });
  };
  const seek = (track, seconds) => {
    const there = Math.min(Math.max(seconds, 0), lengthOf(track));
    if (track === current) audio.currentTime = there;
    show(track, there);
  };

  audio.addEventListener("play", () => {
    buttons(current, true);
    requestAnimationFrame(draw);
  });
  audio.addEventListener("pause", () => current && buttons(current, false));
  audio.addEventListener("seeked", () => current && show(current, audio.currentTime));
  audio.addEventListener("ended", () => {
    buttons(current, false);
    seek(current, 0);
  });

  // Drawings that can be moved: the view box is changed.
  const viewOf = (svg) => {
    const view = svg.getAttribute("viewBox").split(" ").map(Number);
    if (!svg.dataset.whole) svg.dataset.whole = view.join(" ");
    return view;
  };
  const setView = (svg, view) => svg.setAttribute("viewBox", view.map((number) => number.toFixed(2)).join(" "));
  const zoom = (svg, by, x = 0.5, y = 0.5) => {
    const view = viewOf(svg);
    const whole = svg.dataset.whole.split(" ").map(Number);
    if (!by) return setView(svg, whole);
    const wide = Math.min(Math.max(view[2] * by, whole[2] / 40), whole[2] * 2);
    const tall = (wide * view[3]) / view[2];
    return setView(svg, [view[0] + (view[2] - wide) * x, view[1] + (view[3] - tall) * y, wide, tall]);
  };
  const move = (svg, x, y) => {
    const view = viewOf(svg);
    setView(svg, [view[0] + x * view[2], view[1] + y * view[3], view[2], view[3]]);
  };

  // Charts: the values at one generation.
  const chart = (figure) => {
    if (!chartOf.has(figure)) chartOf.set(figure, JSON.parse(figure.querySelector("script").textContent));
    return chartOf.get(figure);
  };
  const tell = (figure, index) => {
    const data = chart(figure);
    const words = data.columns.filter(([, , values]) => values[index]).map(([label, , values]) => `${label} ${values[index]}`);
    const told = figure.querySelector(".told");
    const generation = document.createElement("b");
    generation.textContent = `generation ${data.generations[index].toLocaleString("en")}`;
    told.replaceChildren(generation, words.length ? ` · ${words.join(" · ")}` : "");
    const slider = figure.querySelector(".scrub");
    slider.value = index;
    slider.setAttribute("aria-valuetext", told.textContent);
    const cursor = figure.querySelector(".cursor");
    cursor.classList.add("on");
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, data.at[index]);
  };
  const nearest = (values, wanted) => {
    let best = 0;
    values.forEach((value, index) => {
      if (Math.abs(value - wanted) < Math.abs(values[best] - wanted)) best = index;
    });
    return best;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button === bar.play) return audio.paused ? play(current) : audio.pause();
    if (button === bar.close) {
      const track = current;
      unload();
      seek(track, 0);
      current = null;
      bar.all.hidden = true;
      return track.querySelector(".play").focus();
    }
    if (button && button.matches(".track .play")) {
      const track = button.closest(".track");
      return track === current && !audio.paused ? audio.pause() : play(track);
    }
    if (button && button.dataset.zoom) return zoom(button.closest(".drawing").querySelector("svg"), Number(button.dataset.zoom));
    const roll = event.target.closest(".roll");
    const track = roll && roll.closest(".track");
    if (track && track.querySelector(".position")) {
      const box = roll.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * Number(roll.viewBox.baseVal.width);
      seek(track, along(times(track), 1, 0, x));
    }
  });
  document.addEventListener("input", (event) => {
    if (event.target === bar.position) seek(current, Number(bar.position.value));
    else if (event.target.matches(".position")) seek(event.target.closest(".track"), Number(event.target.value));
    else if (event.target.matches(".scrub")) tell(event.target.closest("[data-chart]"), Number(event.target.value));
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches(".choice input")) return;
    const track = event.target.closest(".track");
    if (track !== current) return;
    const [seconds, wasPlaying] = [audio.currentTime, !audio.paused];
    load(track, seconds);
    if (wasPlaying) play(track);
  });
  document.addEventListener("pointermove", (event) => {
    const canvas = event.target.closest && event.target.closest(".canvas");
    if (!canvas) return;
    const box = canvas.getBoundingClientRect();
    const figure = canvas.closest("[data-chart]");
    tell(figure, nearest(chart(figure).at, ((event.clientX - box.left) / box.width) * 1000));
  });
  document.addEventListener("pointerdown", (event) => {
    const pan = event.target.closest(".pan");
    if (!pan || event.button) return;
    const svg = pan.querySelector("svg");
    let [x, y] = [event.clientX, event.clientY];
    pan.classList.add("moving");
    pan.setPointerCapture(event.pointerId);
    const drag = (next) => {
      const box = svg.getBoundingClientRect();
      move(svg, (x - next.clientX) / box.width, (y - next.clientY) / box.height);
      [x, y] = [next.clientX, next.clientY];
    };
    const end = () => {
      pan.classList.remove("moving");
      pan.removeEventListener("pointermove", drag);
    };
    pan.addEventListener("pointermove", drag);
    pan.addEventListener("pointerup", end, { once: true });
    pan.addEventListener("pointercancel", end, { once: true });
  });
  document.addEventListener(
    "wheel",
    (event) => {
      const pan = event.target.closest(".pan");
      if (!pan || !event.ctrlKey) return;
      event.preventDefault();
      const box = pan.getBoundingClientRect();
      zoom(pan.querySelector("svg"), event.deltaY > 0 ? 1.15 : 0.87, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    },
    { passive: false },
  );
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches || !event.target.matches(".pan")) return;
    const svg = event.target.querySelector("svg");
    const steps = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
    if (steps[event.key]) move(svg, ...steps[event.key]);
    else if (event.key === "+" || event.key === "=") zoom(svg, 0.7);
    else if (event.key === "-") zoom(svg, 1.4);
    else if (event.key === "0") zoom(svg, 0);
    else return;
    event.preventDefault();
  });

  // Sheets are compressed, and unpacked when they are looked at.
  const unpack = async (details) => {
    const script = details.querySelector("script.sheet");
    if (!script || !details.open) return;
    const packed = Uint8Array.from(atob(script.textContent), (character) => character.charCodeAt(0));
    script.remove();
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    const content = await new Response(stream).arrayBuffer();
    const picture = details.querySelector("img");
    picture.src = URL.createObjectURL(new Blob([content], { type: "image/svg+xml" }));
    picture.hidden = false;
  };
  document.addEventListener("toggle", (event) => unpack(event.target), true);

  // On paper everything is unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((one) => (one.open = true));
  });
  addEventListener("afterprint", () => folded.forEach((one) => (one.open = false)));

  // A page that is served: parts are replaced while runs go on.
  if (root.dataset.live) {
    const connection = document.getElementById("connection");
    const usual = connection.textContent;
    const source = new EventSource(root.dataset.live);
    const waiting = new Map(); // parts that sound now, until they are paused
    const replace = (place, html) => {
      const playing = current !== null && place.contains(current) ? current : null;
      if (playing && !audio.paused) return waiting.set(place, html);
      const position = playing ? positionOf(playing) : 0;
      if (playing) {
        unload();
        current = null;
        bar.all.hidden = true;
      }
      const list = (what) => [...place.querySelectorAll(what)];
      const open = list("details").map((one) => one.open);
      const asked = list(".scrub").map((one) => (one.value === one.max ? null : Number(one.value)));
      const focused = list("a, button, input, summary, [tabindex]").indexOf(document.activeElement);
      const parts = document.createElement("template");
      parts.innerHTML = html;
      place.replaceChildren(parts.content);
      list("details").forEach((one, index) => (one.open = Boolean(open[index])));
      list(".scrub").forEach((one, index) => {
        if (asked[index] != null && asked[index] <= Number(one.max)) tell(one.closest("[data-chart]"), asked[index]);
      });
      if (focused >= 0) list("a, button, input, summary, [tabindex]")[focused]?.focus({ preventScroll: true });
      const again = playing && document.getElementById(playing.id);
      if (again && again.querySelector(".position")) seek(again, position);
      return undefined;
    };
    audio.addEventListener("pause", () => {
      const parts = [...waiting];
      waiting.clear();
      setTimeout(() => parts.forEach(([place, html]) => replace(place, html)));
    });
    source.addEventListener("open", () => {
      connection.classList.remove("lost");
      connection.textContent = usual;
    });
    source.addEventListener("error", () => {
      connection.classList.add("lost");
      connection.textContent = "the server does not answer";
    });
    source.addEventListener("part", (event) => {
      const { place, html } = JSON.parse(event.data);
      const element = document.querySelector(place);
      if (element) replace(element, html);
    });
  }
})();
