"""What JupyterLite in the site is told: where its storage and Python are, and how the page looks."""

# The name of the database in the browser (IndexedDB, by localForage). Its stores: "files" has a learner's notebooks and
# my-course.json, by their paths ("ko/02-numbers.ipynb"), "checkpoints" the copies at each save, "settings" JupyterLab's.
STORAGE = "deepseek-course"

PYODIDE = "0.27.7"  # the newest whose own packages can be had as files, and so tried without a network
CDN = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE}/full/"
LAB = "lite"  # JupyterLite's folder in the site
CONTENTS = {"contentsStorageName": STORAGE, "settingsStorageName": STORAGE}
