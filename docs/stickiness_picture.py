#!/usr/bin/env python3
"""Draws stickiness.svg: who goes where when weights, health and cookies meet, and which users a growing canary gets.

Usage: docs/stickiness_picture.py > docs/stickiness.svg
"""

WIDTH, HEIGHT = 920, 700
BUCKETS = 10_000
USERS = {"anna": 123, "carol": 2687, "alice": 7334, "grace": 9658, "user-147": 9943}  # of http-8080/canary
STYLE = """
  svg { color-scheme: light dark; }
  .page { fill: #ffffff; } text { fill: #1f2933; } .quiet { fill: #52606d; font-size: 12px; }
  .title { font-weight: bold; font-size: 15px; } .name { font-weight: bold; }
  .ask { fill: #eef1f4; stroke: #7b8794; stroke-width: 1.5; } .kept { fill: #e3f1e6; stroke: #3f8f57; stroke-width: 1.5; }
  .draw { fill: #fdf3e4; stroke: #d9822b; stroke-width: 1.5; }
  .arrow { fill: none; stroke: #52606d; stroke-width: 1.5; marker-end: url(#tip); } .tip { fill: #52606d; }
  .main { fill: #dbe4ee; } .canary { fill: #d9822b; } .user { stroke: #1f2933; stroke-width: 1.2; stroke-dasharray: 3 3; }
  .dot { fill: #1f2933; } .rule { stroke: #c5ccd4; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } text { fill: #e6e8eb; } .quiet { fill: #9aa5b1; }
    .ask { fill: #1f262e; stroke: #7b8794; } .kept { fill: #14301d; stroke: #56b374; } .draw { fill: #38260f; stroke: #e8963f; }
    .arrow { stroke: #9aa5b1; } .tip { fill: #9aa5b1; } .main { fill: #2b3a4a; } .canary { fill: #e8963f; }
    .user { stroke: #e6e8eb; } .dot { fill: #e6e8eb; } .rule { stroke: #3d4752; }
  }
"""
out = []


def text(x, y, words, kind="", anchor="start"):
    out.append(f'<text x="{x}" y="{y}" text-anchor="{anchor}" class="{kind}">{words}</text>')


def box(x, y, width, lines, kind, height=58):
    out.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" class="{kind}"/>')
    first = y + height / 2 + 5 - 8.5 * (len(lines) - 1)
    for i, words in enumerate(lines):
        text(x + width / 2, first + 17 * i, words, "name" if kind != "ask" else "", "middle")


def arrow(path, words="", x=0, y=0, anchor="middle"):
    out.append(f'<path class="arrow" d="{path}"/>')
    if words:
        text(x, y, words, "quiet", anchor)


def decisions(y, title, questions, draw, kept):
    """A row of questions; who answers all of them with yes is kept."""
    text(24, y, title, "title")
    top, width, gap = y + 18, 190, 46
    for i, (lines, word) in enumerate(questions):
        x = 24 + i * (width + gap)
        box(x, top, width, lines, "ask")
        arrow(f"M{x + width} {top + 29} H{x + width + gap - 4}", "yes", x + width + gap / 2 - 2, top + 22)
        arrow(f"M{x + width / 2} {top + 58} V{top + 106}", word, x + width / 2 + 8, top + 88, "start")
    box(24 + len(questions) * (width + gap), top, 164, kept, "kept")
    box(24, top + 110, len(questions) * width + (len(questions) - 1) * gap, draw, "draw", 34)


def growth(y):
    text(24, y, "split: per_user: the canary grows, and whom it gets", "title")
    left, width = 130, 766
    place = lambda bucket: left + bucket * width / BUCKETS
    steps = (1, 10, 50, 100)
    top = y + 52
    for name, bucket in USERS.items():
        anchor = "end" if bucket > 9800 else "middle"
        out.append(f'<line x1="{place(bucket):.1f}" y1="{top - 14}" x2="{place(bucket):.1f}" y2="{top + 4 * 34 - 4}" class="user"/>')
        row = 34 if name == "grace" else 20
        text(f"{place(bucket) + (12 if anchor == 'end' else 0):.1f}", top - row + 2, f"{name} {bucket}", "quiet", anchor)
    for i, percent in enumerate(steps):
        row = top + i * 34
        border = place(BUCKETS * (100 - percent) / 100)
        out.append(f'<rect x="{left}" y="{row}" width="{border - left:.1f}" height="22" class="main"/>')
        out.append(f'<rect x="{border:.1f}" y="{row}" width="{left + width - border:.1f}" height="22" class="canary"/>')
        text(left - 12, row + 16, f"{100 - percent} : {percent}", "", "end")
        for bucket in USERS.values():
            out.append(f'<circle cx="{place(bucket):.1f}" cy="{row + 11}" r="4" class="dot"/>')
    bottom = top + 4 * 34 + 10
    for bucket in range(0, BUCKETS + 1, 2500):
        text(f"{place(bucket):.1f}", bottom, min(bucket, BUCKETS - 1), "quiet", "middle" if bucket < BUCKETS else "end")
    text(left - 12, bottom, "bucket", "quiet", "end")
    text(left, bottom + 22, "app-main has the first buckets and app-canary the last ones, as the file names them. Nobody moves but into the canary.",
         "quiet")


decisions(32, "The group: stickiness of the forward action",
          [(["a cookie of ours, not too old,", "that names a group here?"], "no: new"),
           (["is that group in the rule", "with a weight above 0?"], "no: moved"),
           (["has it a target that takes", "requests? (with failover:", "a healthy one?)"], "no: moved")],
          ["the split draws a group by the weights, exactly"], ["kept", "it stays there"])
decisions(232, "The target: stickiness of the group",
          [(["a cookie of ours, not too old,", "that names a target here?"], "no: new"),
           (["is it healthy, and neither", "draining, ejected nor gone?"], "no: moved"),
           (["has it room, and does it", "answer?"], "no: moved")],
          ["the group's algorithm picks a target"], ["kept", "it stays there"])
out.append(f'<line x1="24" y1="420" x2="{WIDTH - 24}" y2="420" class="rule"/>')
growth(452)

print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13" role="img" '
      'aria-label="Who goes where when weights, health and cookies meet, and which users a growing canary gets">')
print(f"<style>{STYLE}</style>")
print('<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
      '<path d="M0 0 L8 4 L0 8 z" class="tip"/></marker></defs>')
print(f'<rect width="{WIDTH}" height="{HEIGHT}" class="page"/>')
print("\n".join(out))
print("</svg>")
