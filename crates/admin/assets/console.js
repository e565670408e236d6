// What pages do beyond forms and links. Without this script they work all the same, and are fresh when they are loaded.
"use strict";

const EVERY_MS = 2000;

// Times are shown in the browser's zone; UTC when the pointer rests on them.
const zoned = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
function localTimes(root) {
  for (const time of root.querySelectorAll("time:not([title])")) {
    time.title = time.textContent;
    time.textContent = zoned.format(new Date(time.dateTime));
  }
}

// Seconds to a point in time, counted down between the refreshes of a live part.
function countDown() {
  for (const place of document.querySelectorAll("[data-countdown]")) {
    place.textContent = `${Math.max(0, Math.ceil((new Date(place.dataset.countdown) - Date.now()) / 1000))} s`;
  }
}
setInterval(countDown, 250);

// Forms whose effect is great say so first. Delegated: parts of the page are replaced all the time.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// Buttons that copy a text of the page; without this script there are none.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  });
}

// On a narrow screen the menu is one line: the page that is shown is in sight.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Who works by keyboard finds the focus again where it was, if the same thing is there.
function places(part) {
  return [...part.querySelectorAll("a, button, input, select")];
}
function nameOf(element) {
  return `${element.textContent} ${element.getAttribute("aria-label") ?? ""} ${element.form?.action ?? element.href ?? ""}`;
}
function replace(part, text) {
  const at = places(part).indexOf(document.activeElement);
  const name = at < 0 ? "" : nameOf(document.activeElement);
  part.innerHTML = text;
  const next = places(part)[at];
  if (next && nameOf(next) === name) next.focus({ preventScroll: true });
}

async function refresh(part) {
  const offline = document.querySelector("[data-offline]");
  try {
    const answer = await fetch(part.dataset.live, { signal: AbortSignal.timeout(5000), headers: { Accept: "text/html" } });
    // The session is over: the page itself leads to the log-in.
    if (answer.redirected) return window.location.reload();
    if (!answer.ok) throw new Error(answer.status);
    const text = await answer.text();
    offline.hidden = true;
    // A button that is being pressed is not taken away from under the finger.
    if (part.querySelector("button:active")) return;
    replace(part, text);
    localTimes(part);
    countDown();
  } catch {
    offline.hidden = false;
  }
}

for (const part of document.querySelectorAll("[data-live]")) {
  const every = Number(part.dataset.every ?? EVERY_MS);
  const again = async () => {
    if (!document.hidden) await refresh(part);
    setTimeout(again, every);
  };
  setTimeout(again, every);
}
localTimes(document);
countDown();
