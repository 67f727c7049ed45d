"""The site: the lessons in JupyterLite, to be read and worked through in a browser with nothing installed."""
