"""The picture of docs/performance.md: CPU per request of each proxy relative to HAProxy's, for each work."""

from proxies import FLOOR, HAPROXY, HAPROXY_64K, HAPROXY_SPLICE, KANARIA, NGINX, NGINX_REGEX

# key and variant of a work, and what the picture calls it
GROUPS = (
    ("small", "", "small answers, keep-alive"),
    ("small-log", "", "small answers, access log on"),
    ("close", "", "small answers, a new connection each"),
    ("rules", "1,000 rules", "small answers, 1,000 path rules"),
    ("10k", "", "10 KiB answers"),
    ("1m", "", "1 MiB answers"),
    ("upload", "", "1 MiB uploads"),
)
CLASSES = {KANARIA: "own", HAPROXY: "base", HAPROXY_64K: "tuned", HAPROXY_SPLICE: "tuned", NGINX: "other",
           NGINX_REGEX: "other", FLOOR: "floor"}
WIDTH, LEFT, RIGHT, RATIO, TIME = 760, 120, 620, 672, 744  # picture; bars; ends of the columns of numbers
TOP, BAR, STEP, TITLE = 64, 13, 18, 24
MOST = 2.0  # a longer bar ends here, broken
STYLE = """
  svg { color-scheme: light dark; }
  .page { fill: #ffffff; } text { fill: #1f2933; } .quiet { fill: #5b6673; } line { stroke: #c5ccd4; }
  .own { fill: #d9822b; } .base { fill: #8a97a6; } .tuned { fill: #b4bec9; } .other { fill: #6f9fce; }
  .floor { fill: none; stroke: #8a97a6; stroke-dasharray: 3 2; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } text { fill: #e6e8eb; } .quiet { fill: #9aa5b1; } line { stroke: #3d4752; }
    .own { fill: #e8963f; } .base { fill: #7b8794; } .tuned { fill: #55606c; } .other { fill: #4f83b5; }
    .floor { stroke: #9aa5b1; }
  }"""


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def x_of(ratio):
    return LEFT + (RIGHT - LEFT) * min(ratio, MOST) / MOST


def bar(y, proxy, ratio, microseconds):
    end = x_of(ratio)
    yield f'<text x="{LEFT - 8}" y="{y + 11}" text-anchor="end" font-size="12" class="quiet">{proxy}</text>'
    yield f'<rect x="{LEFT}" y="{y}" width="{end - LEFT:.1f}" height="{BAR}" rx="2" class="{CLASSES[proxy]}"/>'
    if ratio > MOST:
        yield f'<path d="M{end - 16:.1f} {y - 1} l-5 {BAR + 2} h5 l5 -{BAR + 2} z" class="page"/>'
    weight = "bold" if proxy == KANARIA else "normal"
    yield f'<text x="{RATIO}" y="{y + 11}" text-anchor="end" font-size="12" font-weight="{weight}">{ratio:.2f}</text>'
    yield (f'<text x="{TIME}" y="{y + 11}" text-anchor="end" font-size="12" class="quiet">'
           f'{number(microseconds)} µs</text>')


def picture(results):
    bars, y, one = [], TOP, x_of(1)
    for key, variant, title in GROUPS:
        measured = [lane["proxy"] for lane in results.lanes(key) if lane["variant"] == variant]
        if HAPROXY not in measured:
            continue
        bars.append(f'<text x="{LEFT}" y="{y + 14}" font-size="13" font-weight="bold">{title}</text>')
        y += TITLE
        bars.append(f'<line x1="{one}" y1="{y - 3}" x2="{one}" y2="{y + STEP * len(measured) - 2}"/>')
        for proxy in measured:
            ratio = results.ratio(key, (proxy, variant), (HAPROXY, variant))
            bars += bar(y, proxy, ratio, results.median(key, proxy, variant))
            y += STEP
        y += 10
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 6}" font-family="sans-serif" role="img" '
        'aria-label="CPU per request of kanaria, nginx and a byte relay, relative to HAProxy">',
        f"<style>{STYLE}\n</style>",
        f'<rect width="{WIDTH}" height="{y + 6}" class="page"/>',
        f'<text x="{LEFT}" y="24" font-size="15" font-weight="bold">'
        'CPU per request, HAProxy as Debian ships it = 1</text>',
        f'<text x="{LEFT}" y="44" font-size="12" class="quiet">shorter is better; one worker on one core; '
        'the floor relays bytes and knows no HTTP</text>',
        *bars, "</svg>", ""])
