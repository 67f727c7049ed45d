// The page's language, and its sentences in it (words.toml; the build puts them into course.js).
"use strict";

const words = (() => {
  const asked = location.hash.match(/^#(ko|en)\b/) ?? new URLSearchParams(location.search).get("path")?.match(/^(ko|en)\//);
  const language = asked ? asked[1] : navigator.language.startsWith("ko") ? "ko" : "en";

  // {0}, {1}, … are filled in.
  const say = (key, ...values) => course.words[key][language].replace(/\{(\d)\}/g, (_, n) => values[n]);

  // <tag>…</tag> with properties and children, texts or elements.
  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  return { language, say, element };
})();
