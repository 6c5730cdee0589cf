"""All tables of the suite, by theme."""

import importlib

THEMES = {name: importlib.import_module(name).CASES for name in ("request_line", "target_forms", "host", "fields", "framing", "chunked",
                                                             "connections", "semantics")}
