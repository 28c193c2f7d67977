"use strict";

const now = document.getElementById("now");
const lost = document.getElementById("lost");
const slow = document.getElementById("slow");
const PATIENCE = 10; // seconds without a look, after which that is said
let last = performance.now();

// Make a node like a fresh one, and leave alone what is the same: focus, what is unfolded, what is read aloud.
function become(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName || !(old instanceof Element)) {
    old.replaceWith(fresh);
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  const olds = [...old.childNodes], news = [...fresh.childNodes];
  news.forEach((node, place) => (olds[place] ? become(olds[place], node) : old.append(node)));
  olds.slice(news.length).forEach((node) => node.remove());
}

function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
  place.hidden = !text;
}

function seen() {
  const time = document.querySelector("time");
  return time ? `What is shown was seen at ${time.textContent}.` : "Nothing has been seen yet.";
}

function title() {
  document.title = now.querySelector("header").dataset.title;
}

const events = new EventSource("events");
events.addEventListener("message", ({ data }) => {
  const fresh = document.createElement("div");
  fresh.id = "now";
  fresh.innerHTML = JSON.parse(data);
  become(now, fresh);
  title();
  last = performance.now();
  say(lost, "");
  say(slow, "");
});
events.addEventListener("end", () => {
  events.close();
  clearInterval(ticking);
  say(slow, "");
  say(lost, `The watch has ended. ${seen()}`);
});
events.addEventListener("error", () => {
  say(slow, "");
  say(lost, `fab cannot be reached any more: it has ended, or the way to it is broken. ${seen()}`);
});
const ticking = setInterval(() => {
  const seconds = Math.round((performance.now() - last) / 1000);
  if (seconds >= PATIENCE && lost.hidden) {
    say(slow, `The look under way has taken ${seconds} s so far: a host keeps it waiting. ${seen()}`);
  }
}, 1000);
title();
