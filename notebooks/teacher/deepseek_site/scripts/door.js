// In front of JupyterLite: says where nothing is kept, offers a lesson's new edition, and puts a bar with the ways out
// above the lesson. JupyterLite's page waits for `door`; whatever fails here, the lesson opens.
"use strict";

const door = (async () => {
  const { language, say, element } = words;
  const asked = new URLSearchParams(location.search).get("path");
  const alone = location.pathname.includes("/notebooks/"); // one document, not the whole JupyterLab
  if (document.readyState === "loading") await new Promise((done) => addEventListener("DOMContentLoaded", done));

  const link = (key, address) => element("a", { href: address }, say(key));
  const full = `${course.root}lite/${alone ? "lab" : "notebooks"}/index.html?path=${encodeURIComponent(asked ?? `${language}/index.ipynb`)}`;
  const said = element("span", { className: "door-said" });
  said.setAttribute("role", "status");
  const bar = element(
    "nav",
    { className: "door-bar", lang: language },
    link("door_home", `${course.root}index.html#${language}`),
    link("door_work", `${course.root}work.html#${language}`),
    link(alone ? "door_lab" : "door_alone", full),
    said,
  );
  bar.setAttribute("aria-label", say("door_bar"));
  document.body.prepend(bar);

  // A question in front of everything; the choices are keys of words, the first is the one for most.
  const ask = (title, text, ...choices) =>
    new Promise((choose) => {
      const heading = element("h1", { id: "door-title" }, title);
      const buttons = choices.map((key) => element("button", { value: key }, say(key)));
      const dialog = element("dialog", { className: "door", lang: language }, heading, element("p", {}, text), ...buttons);
      dialog.setAttribute("aria-labelledby", heading.id);
      for (const button of buttons) button.addEventListener("click", () => dialog.close(button.value));
      dialog.addEventListener("close", () => {
        dialog.remove();
        choose(dialog.returnValue || choices.at(-1)); // Escape
      });
      document.body.append(dialog);
      dialog.showModal();
    });

  async function offer(path, site) {
    const choice = await ask(say("door_new", course.titles[path] ?? path), say("door_new_text"), "door_take", "door_keep");
    if (choice === "door_keep") return lessons.keepMine(path, site);
    await lessons.renew(path, site);
    said.textContent = say("door_taken");
  }

  if (!(await storage.works())) {
    said.textContent = say("door_unkept_short");
    await ask(say("door_unkept"), say("door_unkept_text"), "door_begin");
  }
  const site = await lessons.editions();
  for (const path of await lessons.outdated(site)) if (!asked || asked === path) await offer(path, site);
})().catch((error) => console.warn("The lesson opens without its door:", error));
