#!/usr/bin/env python3
"""Draws split.svg: the canary's place in four blocks of ten, and how many of n requests it gets, shuffled and random.

Usage: docs/split_picture.py > docs/split.svg
"""

import random

REQUESTS, BLOCK, RANDOM_RUNS = 200, 10, 3
WIDTH, HEIGHT = 720, 470
LEFT, RIGHT, TOP, BOTTOM = 60, 690, 190, 410  # of the plot
MOST = 26  # canary answers at the top of the plot
MAIN, CANARY, GREY, RANDOM = "#dbe4ee", "#d9822b", "#5b6673", "#3b76b8"

draws = random.Random(3)
out = []


def text(x, y, words, anchor="start", size=13, color="#1f2933"):
    out.append(f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{color}">{words}</text>')


def line(points, color, width, dash="none"):
    path = " ".join(f"{LEFT + n * (RIGHT - LEFT) / REQUESTS:.1f},{BOTTOM - count * (BOTTOM - TOP) / MOST:.1f}"
                    for n, count in points)
    out.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}" '
               f'stroke-dasharray="{dash}" stroke-linejoin="round"/>')


def counts(choices):
    """(n, canary answers among the first n)"""
    points = [(0, 0)]
    for n, canary in enumerate(choices, 1):
        points.append((n, points[-1][1] + canary))
    return points


def blocks(places):
    text(LEFT, 28, "shuffled, 90 : 10: each block of ten has one request for the canary, at a secret place", size=12)
    for block, canary in enumerate(places):
        start = LEFT + block * 160
        for slot in range(BLOCK):
            color = CANARY if slot == canary else MAIN
            out.append(f'<rect x="{start + slot * 15}" y="44" width="13" height="26" rx="2" fill="{color}"/>')
        text(start + 74, 90, f"{block * BLOCK + 1} to {(block + 1) * BLOCK}", "middle", 12, GREY)


def plot(shuffled, at_random):
    text(LEFT, 132, "Answers of the canary among the first n requests", size=12)
    for x, words, color, dash in ((LEFT, "shuffled", CANARY, "none"), (LEFT + 290, "n / 10", GREY, "5 4"),
                                  (LEFT + 120, f"random, {RANDOM_RUNS} runs", RANDOM, "none")):
        out.append(f'<line x1="{x}" y1="154" x2="{x + 26}" y2="154" stroke="{color}" stroke-width="2.5" '
                   f'stroke-dasharray="{dash}"/>')
        text(x + 34, 158, words, size=12)
    for count in range(0, MOST, 10):
        y = BOTTOM - count * (BOTTOM - TOP) / MOST
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{RIGHT}" y2="{y:.1f}" stroke="#e4e7eb"/>')
        text(LEFT - 8, f"{y + 4:.1f}", count, "end", 12, GREY)
    for n in range(0, REQUESTS + 1, 50):
        text(LEFT + n * (RIGHT - LEFT) / REQUESTS, BOTTOM + 20, n, "middle", 12, GREY)
    text((LEFT + RIGHT) / 2, BOTTOM + 42, "n", "middle", 12, GREY)
    for run in at_random:
        line(run, RANDOM, 1.3)
    line([(0, 0), (REQUESTS, REQUESTS / BLOCK)], GREY, 1.2, "5 4")
    line(shuffled, CANARY, 2.2)


canary_places = [draws.randrange(BLOCK) for _ in range(REQUESTS // BLOCK)]
blocks(canary_places[:4])
plot(counts(slot == place for place in canary_places for slot in range(BLOCK)),
     [counts(draws.random() < 1 / BLOCK for _ in range(REQUESTS)) for _ in range(RANDOM_RUNS)])
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" role="img" '
      'aria-label="How shuffled and random spread a canary\'s requests">')
print(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>')
print("\n".join(out))
print("</svg>")
