// Runs in the head of each of JupyterLite's pages, before JupyterLite: the lesson's language, and where Python's files are.
(() => {
  const lesson = new URLSearchParams(location.search).get("path") ?? "";
  const korean = lesson ? lesson.startsWith("ko/") : navigator.language.startsWith("ko");
  document.documentElement.lang = korean ? "ko" : "en";

  // Pyodide looks for all files where its own are, so the course's wheels are given with their whole address. build.py
  // puts in the lock, which python_files.py wrote, and both places.
  const [pyodide, here] = ["$PYODIDE", "$OWN"].map((place) => new URL(place, document.currentScript.src));
  const lock = $LOCK;
  for (const file of Object.values(lock.packages))
    if (file.file_name.startsWith("./")) file.file_name = new URL(file.file_name, here).href;

  const settle = (config) => {
    const kernel = config.litePluginSettings["@jupyterlite/pyodide-kernel-extension:kernel"];
    kernel.pyodideUrl = new URL("pyodide.js", pyodide).href;
    kernel.loadPyodideOptions.lockFileURL = "data:application/json," + encodeURIComponent(JSON.stringify(lock));
    const language = { "@jupyterlab/translation-extension:plugin": { locale: korean ? "ko_KR" : "en" } };
    config.settingsOverrides = { ...config.settingsOverrides, ...language };
    return config;
  };
  // JupyterLite puts its settings into this element, in one piece, before it starts.
  const place = document.getElementById("jupyter-config-data");
  new MutationObserver((_, observer) => {
    observer.disconnect();
    place.textContent = JSON.stringify(settle(JSON.parse(place.textContent)));
  }).observe(place, { childList: true });
})();
