"""In the place of JupyterLite's piplite, which installs what a notebook asks for: here all is loaded at the start.

It is the first that a kernel imports once the folder with the lessons is there, so it takes that folder from the path:
each import would ask the page first whether the folder has the module, which takes seconds in all.
"""

import sys

sys.path[:] = [place for place in sys.path if place]
