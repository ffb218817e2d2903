"""How the docs are built: from the Markdown files alone, without the network and without a clock."""

from pathlib import Path
from runpy import run_path

project = "nmsim"
version = release = run_path(str(Path(__file__).parents[1] / "simulator" / "version.py"))["__version__"]

extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = f"{project} {release}"
html_last_updated_fmt = None
html_show_copyright = False
html_copy_source = False
