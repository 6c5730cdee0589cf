#!/usr/bin/env python3
"""Draws rollouts.svg: how the evidence against four canaries grows with the requests, and rollout-states.svg: what leads
from which phase to which. The evidence is the formula of docs/rollouts.md, fed with drawn requests.

Usage: docs/rollouts_picture.py (writes both beside itself)
"""

import math
import random
from pathlib import Path

HERE = Path(__file__).resolve().parent
RISKS = (1.25, 1.5, 2, 3, 5, 10, 30, 1000)
SHARE, LIMIT, REQUESTS = 0.1, 100, 3000
LEFT, RIGHT, TOP, BOTTOM = 70, 620, 50, 330
LOW, HIGH = -1, 2.6  # powers of ten at the plot's ends
CANARIES = (("dead: every request fails", 0.01, 1.0, "dead"), ("20 % errors", 0.01, 0.2, "bad"),
            ("5 % errors", 0.01, 0.05, "worse"), ("as good as stable: 1 %", 0.01, 0.01, "good"))
STYLE = """
  svg { color-scheme: light dark; }
  .page { fill: #ffffff; } text { fill: #1f2933; } .quiet { fill: #52606d; font-size: 12px; }
  .title { font-weight: bold; font-size: 15px; } .name { font-weight: bold; } .alarm { fill: #b3402f; font-size: 12px; }
  .rest { fill: #e3f1e6; stroke: #3f8f57; stroke-width: 1.5; } .back { fill: #fbe6e3; stroke: #c0503f; stroke-width: 1.5; }
  .work { fill: #eef1f4; stroke: #7b8794; stroke-width: 1.5; } .wait { fill: #fdf3e4; stroke: #d9822b; stroke-width: 1.5; }
  .arrow { fill: none; stroke: #52606d; stroke-width: 1.5; marker-end: url(#tip); } .tip { fill: #52606d; }
  .fall { fill: none; stroke: #c0503f; stroke-width: 1.5; marker-end: url(#red); } .red { fill: #c0503f; }
  .rule { stroke: #e4e7eb; } .limit { stroke: #c0503f; stroke-dasharray: 6 4; }
  .line { fill: none; stroke-width: 2.2; stroke-linejoin: round; } .dead { --ink: #b3261e; } .bad { --ink: #d9822b; }
  .worse { --ink: #8a5fbf; } .good { --ink: #2e7d32; } .line { stroke: var(--ink); } .dot { fill: var(--ink); }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } text { fill: #e6e8eb; } .quiet { fill: #9aa5b1; } .alarm { fill: #e88d7f; }
    .rest { fill: #14301d; stroke: #56b374; } .back { fill: #3a1a16; stroke: #e0705f; }
    .work { fill: #1f262e; stroke: #7b8794; } .wait { fill: #38260f; stroke: #e8963f; }
    .arrow { stroke: #9aa5b1; } .tip { fill: #9aa5b1; } .fall { stroke: #e0705f; } .red { fill: #e0705f; }
    .rule { stroke: #3d4752; } .limit { stroke: #e0705f; }
    .dead { --ink: #f0665a; } .bad { --ink: #e8963f; } .worse { --ink: #b391e0; } .good { --ink: #56b374; }
  }
"""


def side(share, risk):
    return share * risk / (share * risk + 1 - share)


def evidence(stable, canary, seed):
    """[(requests, E)] until the limit."""
    draws = random.Random(seed)
    logs = [0.0] * len(RISKS)
    points = [(0, 1.0)]
    block = []
    for number in range(1, REQUESTS + 1):
        if not block:
            block = [True] + [False] * 9
            draws.shuffle(block)
        is_canary = block.pop()
        if draws.random() >= (canary if is_canary else stable):
            continue
        for j, risk in enumerate(RISKS):
            p = side(SHARE, risk)
            logs[j] += math.log(p / SHARE) if is_canary else math.log((1 - p) / (1 - SHARE))
        value = sum(math.exp(log) for log in logs) / len(logs)
        points += [(number, points[-1][1]), (number, value)]
        if value >= LIMIT:
            return points
    return points + [(REQUESTS, points[-1][1])]


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" class="{kind}">{words}</text>'


def place(number, value):
    power = max(LOW, min(HIGH, math.log10(value)))
    return (LEFT + number * (RIGHT - LEFT) / REQUESTS, BOTTOM - (power - LOW) * (BOTTOM - TOP) / (HIGH - LOW))


def document(width, height, label, parts):
    tips = "".join(f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
                   f'<path d="M0 0 L8 4 L0 8 z" class="{name}"/></marker>' for name in ("tip", "red"))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13" '
            f'role="img" aria-label="{label}">\n<style>{STYLE}</style>\n<defs>{tips}</defs>\n'
            f'<rect width="{width}" height="{height}" class="page"/>\n' + "\n".join(parts) + "\n</svg>\n")


def plot():
    parts = [text(LEFT, 26, "Evidence that the canary is worse, at 90 : 10, where stable fails 1 % of its requests", "name")]
    for value in (1, 10, 100):
        y = place(0, value)[1]
        kind = "limit" if value == LIMIT else "rule"
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{RIGHT}" y2="{y:.1f}" class="{kind}"/>')
        parts.append(text(LEFT - 8, y + 4, value, "quiet", "end"))
    parts.append(text(RIGHT + 8, place(0, LIMIT)[1] + 4, "taken back", "alarm"))
    parts.append(text(RIGHT + 8, place(0, 1)[1] + 4, "nothing seen", "quiet"))
    for number in range(0, REQUESTS + 1, 500):
        parts.append(text(place(number, 1)[0], BOTTOM + 18, f"{number:,}", "quiet", "middle"))
    parts.append(text((LEFT + RIGHT) / 2, BOTTOM + 36, "requests of the rule", "quiet", "middle"))
    for i, (words, stable, canary, kind) in enumerate(CANARIES):
        points = evidence(stable, canary, 11)
        path = " ".join("%.1f,%.1f" % place(number, min(value, LIMIT)) for number, value in points)
        parts.append(f'<polyline points="{path}" class="line {kind}"/>')
        if points[-1][1] >= LIMIT:
            x, y = place(points[-1][0], LIMIT)
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" class="dot {kind}"/>')
            words += f": after {points[-1][0]:,}"
        x, y = LEFT + 280 * (i % 2), BOTTOM + 62 + 22 * (i // 2)
        parts.append(f'<path d="M{x} {y} h26" class="line {kind}"/>')
        parts.append(text(x + 34, y + 4, words))
    return document(730, BOTTOM + 104, "How the evidence against four canaries grows with the requests", parts)


BOXES = {"Healthy": (30, 110, "rest", "the file's weights"), "Progressing": (330, 110, "work", "walks its steps"),
         "Baking": (650, 110, "work", "the canary has the rule"), "Paused": (330, 250, "wait", "waits for you or for requests"),
         "Degraded": (650, 250, "back", "the canary has nothing")}
WIDTH, HEIGHT = 196, 54


def states():
    parts = [text(24, 30, "Phases of a rollout", "title")]
    for name, (x, y, kind, words) in BOXES.items():
        parts.append(f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8" class="{kind}"/>')
        parts.append(text(x + WIDTH / 2, y + 23, name, "name", "middle"))
        parts.append(text(x + WIDTH / 2, y + 42, words, "quiet", "middle"))
    for kind, path in (("arrow", "M226 130 H326"), ("arrow", "M526 130 H646"), ("arrow", "M748 110 V66 H128 V106"),
                       ("arrow", "M390 164 V246"), ("arrow", "M466 250 V168"), ("arrow", "M708 304 V344 H286 V148 H326"),
                       ("fall", "M526 150 H606 V264 H646"), ("fall", "M526 284 H646"), ("fall", "M748 164 V246"),
                       ("fall", "M128 164 V376 H786 V308")):
        parts.append(f'<path d="{path}" class="{kind}"/>')
    for x, y, anchor, words in ((276, 123, "middle", "start"), (586, 123, "middle", "all steps passed"),
                                (438, 60, "middle", "bake_time is over; with on_complete: handover after a promote as well"),
                                (382, 190, "end", "pause, step that"), (382, 206, "end", "waits, incident,"),
                                (382, 222, "end", "few requests"), (474, 190, "start", "promote,"), (474, 206, "start", "resume,"),
                                (474, 222, "start", "requests came"), (497, 338, "middle", "retry, or start of another revision")):
        parts.append(text(x, y, words, "quiet", anchor))
    for x, y, anchor, words in ((756, 190, "start", "evidence, a limit, abort,"), (756, 206, "start", "no healthy canary,"),
                                (756, 222, "start", "too late"), (457, 370, "middle", "abort, within undo_window")):
        parts.append(text(x, y, words, "alarm", anchor))
    parts.append(text(24, 408, "Another revision in the file takes each of them but Healthy to Paused with the canary at 0, until start.", "quiet"))
    return document(920, 424, "The phases of a rollout, and what leads from one to another", parts)


(HERE / "rollouts.svg").write_text(plot(), encoding="utf-8")
(HERE / "rollout-states.svg").write_text(states(), encoding="utf-8")
