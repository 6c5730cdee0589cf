"""All tables of the suite, by theme."""

import importlib

REQUESTS = ("request_line", "target_forms", "host", "fields", "framing", "chunked", "connections", "semantics", "limits",
            "desync", "own_answers")
ANSWERS = ("answer_heads", "answer_bodies", "interim")
THEMES = {name: importlib.import_module(name).CASES for name in REQUESTS + ANSWERS}
