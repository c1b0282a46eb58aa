# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     name: python3
# ---

# %% [markdown]
# # 6. Put the model to work
#
# <!-- colab-badge -->
#
# **The question.** What does it take for somebody else to use your model, and to trust it?
#
# After this lesson you can
#
# - save a model so that it loads back bit for bit, and say what the folder does not hold,
# - turn logits into an answer that a program or a person can read,
# - call a model over HTTP, on your machine or hosted, and survive a busy server,
# - take a pipeline apart, export it to ONNX, shrink it to 8 bits, and measure what that costs,
# - classify without any training, with embeddings of the labels,
# - write a web service that refuses what it should, run it as a team does, and tell when its messages change,
# - write a model card that says what the model is for, how well it works, and where it does not.
#
# **Time.** About 130 minutes of reading and exercises on a CPU. The first cell that needs the fine-tuned model trains it (a few minutes on two cores) unless lesson 5 has left it on disk. (Not timed on a GPU.)
#
# **What you need.** Lesson 4: a fine-tuned classifier and what its logits are.

# %%
import json
import logging
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import requests
import torch

from helpers.checks import check
from helpers.data import load
from helpers.models import load_tokenizer
from helpers.plots import deployment as plots
from helpers.training import fine_tuned

_ = torch.manual_seed(0)

# %% [markdown]
# ## 1. A model is a folder
#
# The data and the tokenizer are those of lesson 4:

# %%
emotion = load("emotion")
tokenizer = load_tokenizer()

# %% [markdown]
# And so is the classifier: fine-tuned on the emotion data by that lesson's recipe. If your machine has trained it before, it comes from disk.

# %% tags=["lesson-only"]
model = fine_tuned(emotion, tokenizer).cpu()

# %% [markdown]
# `save_pretrained` writes a model into a folder, and a tokenizer has the same method. One without the other is of no use: the weights know tokens only by number.

# %% tags=["lesson-only"]
folder = Path(tempfile.mkdtemp()) / "emotion-classifier"
model.save_pretrained(folder)
_ = tokenizer.save_pretrained(folder)
# %% [markdown]
# What are these files, and how large is each?

# %% tags=["lesson-only"]
sizes = {path.name: path.stat().st_size / 1e6 for path in sorted(folder.iterdir())}
pd.Series(sizes, name="megabytes").rename_axis("file").round(3).to_frame()

# %% [markdown]
# Nearly all of it is `model.safetensors`: the weights, as plain numbers with a table of contents. Older checkpoints come as pickle files (`pytorch_model.bin`), and opening a pickle can run any code. Since version 2.6 `torch.load` refuses that by default (`weights_only=True`); a safetensors file cannot hold code at all, so prefer it for models from people you don't know.
#
# `config.json` says what the numbers mean. It has the names of the classes, for example: we gave them to the model in lesson 4, so nobody has to guess what class 3 is.

# %% tags=["nbval-check-output", "lesson-only"]
json.loads((folder / "config.json").read_text())["id2label"]

# %% [markdown]
# Does the folder hold all that the model needs? Load it back as somebody else would, and compare. `local_files_only=True` keeps `from_pretrained` from looking on the Hub.

# %% tags=["lesson-only"]
from transformers import AutoModelForSequenceClassification, AutoTokenizer

loaded = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True)
loaded_tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)

# %% [markdown]
# Two messages through both models: are the logits equal?

# %% tags=["nbval-check-output", "lesson-only"]
messages = ["i feel fine", "i can not believe that they lied to us again"]
batch = loaded_tokenizer(messages, padding=True, return_tensors="pt")
with torch.no_grad():
    same = torch.equal(loaded(**batch).logits, model(**batch).logits)
same

# %% [markdown]
# Equal to the last bit. What the folder does *not* hold: the code (a name of a class in the library), the versions of the libraries (but for that of transformers, which `config.json` notes), the data, and how well any of it works. The versions are one line; write them down next to the model. The rest is the model card's job, at the end of this lesson.

# %% tags=["lesson-only"]
from importlib.metadata import version

versions = {name: version(name) for name in ("torch", "transformers", "tokenizers")}
(folder / "versions.json").write_text(json.dumps(versions))
versions

# %% [markdown]
# ## 2. From logits to an answer
#
# The model answers with logits: one number per class, on no particular scale. The caller wants to know which class it is, and how sure the model is. The *softmax* turns logits into probabilities: take the exponential of each, and divide by their sum.
#
# ### Exercise 6.1: top predictions ●○○ about 8 minutes
#
# *Importance: high. This is the format in which the Hub, its clients and our server speak.*
#
# Write `top_predictions`. It takes the logits of **one** text and returns a list of dicts with the keys `label` and `score`, best first. `top_k` limits how many; `None`, or more than there are classes, means all. A score is a float, and what was passed in is left unchanged.
#
# Bad input: `top_k` below 1 raises a `ValueError` that names it or its value.
#
# <details><summary>Hint 1</summary><code>torch.softmax</code> needs to know along which dimension to sum. Do it before you drop any class: the probabilities of the kept ones must not change with <code>top_k</code>.</details>
# <details><summary>Hint 2</summary><code>Tensor.sort(descending=True)</code> returns two tensors: the sorted values, and where each one stood. The second is what <code>id2label</code> needs.</details>
# <details><summary>Hint 3</summary>A slice <code>[:top_k]</code> takes everything when <code>top_k</code> is None, and does not mind being longer than the list. <code>.tolist()</code> turns a tensor into Python numbers.</details>


# %% nbgrader={"grade": false, "grade_id": "top_predictions", "locked": false, "schema_version": 3, "solution": true, "task": false}
def top_predictions(logits: torch.Tensor, id2label: dict, top_k=None) -> list[dict]:
    """Turn the logits of one text into labels and probabilities.

    Parameters
    ----------
    logits : Tensor of float32, shape (classes,)
    id2label : dict of int to str
    top_k : int, at least 1, or None for all classes

    Returns
    -------
    list of dict
        ``{"label": str, "score": float}``, best first; scores are probabilities of all classes.

    Raises
    ------
    ValueError
        If `top_k` is below 1; the message names it, or its value.

    Examples
    --------
    >>> top_predictions(torch.tensor([0.0, 0.0]), {0: "heads", 1: "tails"}, top_k=1)[0]["score"]
    0.5
    """
    ### BEGIN SOLUTION
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k is {top_k}; it must be at least 1, or None for all classes")
    scores, ids = torch.softmax(logits, dim=-1).sort(descending=True)
    ranked = zip(ids.tolist(), scores.tolist(), strict=True)
    return [{"label": id2label[index], "score": score} for index, score in ranked][:top_k]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_top_predictions", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("top_predictions")

# %% [markdown]
# ### The same from the library
#
# transformers bundles tokenizer, model and these last steps in a `pipeline`. `top_k=None` asks for all classes; without it a pipeline returns the best one alone. `truncation=True` cuts a text that is too long for the model.

# %% tags=["lesson-only"]
from transformers import pipeline

classifier = pipeline("text-classification", model=loaded, tokenizer=loaded_tokenizer)
[entry["label"] for entry in classifier("i feel fine", top_k=2)]

# %% [markdown]
# What happens without truncation? Here is a message of a few thousand characters. The attempt below is wrapped in `try`, because models differ: some fail with an error from deep inside the library, others read positions that they were never trained on, and answer nonsense.

# %% tags=["lesson-only"]
long_message = "i feel so very lucky today " * 120
try:
    outcome = classifier(long_message)
except (RuntimeError, IndexError) as error:
    outcome = f"{type(error).__name__}: {str(error).splitlines()[0][:90]}"
outcome

# %% [markdown]
# With truncation the same message is a message like any other:

# %% tags=["lesson-only"]
classifier(long_message, truncation=True)

# %% [markdown]
# The first attempt is what a user of your service would see as an error 500. A service always truncates, or refuses what is too long. Ours will do both.
#
# ### A picture for people
#
# A label alone hides how sure the model is. Three messages, all classes:

# %% tags=["lesson-only", "shows:probabilities"]
shown = ["i feel so lucky to have you", "i do not feel happy", "i got the letter today"]
plots.plot_probabilities(dict(zip(shown, classifier(shown, top_k=None), strict=True)))

# %% [markdown]
# *How to read it:* one panel per message; the bars of a panel add up to 100 %. One long bar says that the model is sure, not that it is right: with the embedded model *i do not feel happy* comes out as joy, 66 %. The last message comes out as fear, with 77 %, though it names no emotion: the bars must add up, and there is no class *none*.
# <!-- numbers from: probabilities -->

# %% [markdown]
# ## 3. A model behind an address
#
# Other programs will not import your notebook. They send an HTTP request to an *address* and read the answer: from a phone, from another language, from another continent. Both sides have to agree on a format. We take the Hub's, so that clients written for the Hub's text classification work with our server too:
#
# - the request: `POST` with the JSON body `{"inputs": texts, "parameters": {"top_k": 2}}`, where `parameters` may be missing,
# - the answer: for each text a list of `{"label": …, "score": …}`, best first,
# - or a *status* that says what went wrong: 422 the request makes no sense, 413 it is too large, 503 not now, 500 the server's own fault. The body is then `{"error": …}`.
#
# The course brings such a server (`helpers/serving.py`). It needs a function from texts to predictions. `batch_size` matters later.


# %% tags=["lesson-only"]
from helpers.serving import start_server


def predict(texts: list[str]) -> list[list[dict]]:
    return classifier(texts, top_k=None, truncation=True, batch_size=32)


# %% [markdown]
# With `name` the server can say which model it serves. Without a port it takes any free one.

# %% tags=["lesson-only"]
server = start_server(predict, name="emotion")
server

# %% [markdown]
# It runs in a thread of this notebook and answers to this machine only (that is what `127.0.0.1` means). One request by hand, with the library `requests`:

# %% tags=["nbval-check-output", "lesson-only"]
body = {"inputs": ["i feel fine", "leave me alone"], "parameters": {"top_k": 1}}
response = requests.post(server.url, json=body, timeout=10)
response.status_code, [len(scores) for scores in response.json()]

# %% [markdown]
# And three requests that it refuses. The first has no `inputs`, the second asks for no class at all, the third brings too many texts. Each body says in plain words what to fix:

# %% tags=["nbval-check-output", "lesson-only"]
for wrong in (
    {"text": "hi"},
    {"inputs": "hi", "parameters": {"top_k": 0}},
    {"inputs": ["hi"] * 65},
):
    refusal = requests.post(server.url, json=wrong, timeout=10)
    print(refusal.status_code, refusal.json()["error"])

# %% [markdown]
# **Try it yourself.** The server also has a page for people. While this notebook runs, open the address below in a browser and type: the bars move as you do. (In Colab the address belongs to Google's machine, not to yours; there, the page appears below the cell.) The same server starts from a terminal with `course serve`.

# %% tags=["lesson-only"]
from helpers.colab import show_page

show_page(server.url)

# %% [markdown]
# Since the format is the Hub's, the Hub's own client works as well. `InferenceClient` takes an address in place of a model's name. (Where `HF_HUB_OFFLINE` is set, it refuses every call; `calls_to_this_machine` allows them within a `with` block.)

# %% tags=["lesson-only"]
from huggingface_hub import InferenceClient

from helpers.serving import calls_to_this_machine

with calls_to_this_machine():
    elements = InferenceClient(model=server.url).text_classification("i feel fine", top_k=2)
[(element.label, round(element.score, 3)) for element in elements]

# %% [markdown]
# ### A polite client
#
# A server can be busy, or still be loading its model. Then it answers 503, and may say in how many seconds to come back: in the header `Retry-After`, or in the body's `estimated_time`. 429 means "too many requests, try later", and a proxy in front of the server answers 502 where it gets no valid answer from it, 504 where it gets none in time. A polite client waits and tries again, but not for ever. Sending a `POST` twice is safe here, because classifying changes nothing; never repeat an order or a payment like that. (Where no time is named, clients in production wait longer after each attempt, plus a random share: *exponential backoff with jitter*. Ours waits one second.) We treat every other error as final: a request that makes no sense makes none the second time either.
#
# ### Exercise 6.2: query ●●● about 20 minutes
#
# *Importance: high. Clients that hammer a server which has just asked for patience keep it from recovering.*
#
# Write `query`, with `requests`:
#
# - all texts go in **one** `POST` to `url`, as it stands, with the JSON body `{"inputs": texts}`; the answer's JSON is the result. No texts: no request, and the result is `[]`.
# - `token`, if there is one, goes into the header `Authorization: Bearer …`. Without a token there is no such header.
# - On status 429, 502, 503 or 504 wait with `time.sleep`, then send it again. Wait as many seconds as `Retry-After` says (a date there counts as absent), else as `estimated_time` says if that is a number of at least 0, else 1 second; 10 at most.
# - That makes `retries` + 1 requests at most. If the last gets such a status too, raise `requests.HTTPError` at once, without another wait.
# - Any other error status raises `requests.HTTPError` at once, with the body's `error` in its message. A body that is not JSON (a proxy's HTML page, say) has no `error` and no `estimated_time`, and must not make you stumble. `timeout` holds for every request, and `texts` stays as it is.
#
# <details><summary>Hint 1</summary><code>requests.post</code> has the parameters <code>json</code>, <code>headers</code> and <code>timeout</code>. <code>response.ok</code> is True below status 400.</details>
# <details><summary>Hint 2</summary>A small function inside yours that returns the body as a dict, or an empty dict where <code>response.json()</code> raises a ValueError, keeps the rest simple.</details>
# <details><summary>Hint 3</summary>With a loop over <code>range(retries + 1)</code>: which three things can a response be (good, come back later, broken), and which of them leave the loop?</details>
# <details><summary>Hint 4</summary><code>or 1</code> would turn an <code>estimated_time</code> of 0 into 1. A dict's <code>get</code> takes a default.</details>


# %% nbgrader={"grade": false, "grade_id": "query", "locked": false, "schema_version": 3, "solution": true, "task": false}
def query(texts: list[str], url: str, token=None, retries=3, timeout=10.0) -> list[list[dict]]:
    """Ask a text-classification server that speaks the Hub's format.

    Parameters
    ----------
    texts : list of str
    url, token : str
    retries : int, attempts after the first
    timeout : float, in seconds

    Returns
    -------
    list of list of dict, one list of labels and scores per text

    Raises
    ------
    requests.HTTPError
        After the last retry, or at once on any other error status (with the body's `error`).

    Examples
    --------
    >>> query([], "http://127.0.0.1:8000")
    []
    """
    ### BEGIN SOLUTION
    if not texts:
        return []

    def details(response: requests.Response) -> dict:
        try:
            content = response.json()
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    def seconds(response: requests.Response) -> float:
        header = response.headers.get("Retry-After", "").strip()
        if header.isdecimal():  # not a date, and no sign: time.sleep refuses a negative number
            return float(header)
        said = details(response).get("estimated_time")
        return said if isinstance(said, int | float) and said >= 0 else 1.0

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    for attempt in range(retries + 1):
        response = requests.post(url, json={"inputs": texts}, headers=headers, timeout=timeout)
        if response.ok:
            return response.json()
        if response.status_code not in (429, 502, 503, 504) or attempt == retries:
            break
        time.sleep(min(10.0, seconds(response)))
    reason = details(response).get("error", response.reason)
    raise requests.HTTPError(f"status {response.status_code}: {reason}", response=response)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_query", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("query")

# %% [markdown]
# ### Many clients at once
#
# One request at a time tells little about a service. We let several clients ask at once, each with one message after the other, and write down how long each request took. Half of the requests are faster than the median (p50), one in a hundred is slower than p99, and that is the one people complain about. (With 240 requests, two or three decide p99.)

# %%
from concurrent.futures import ThreadPoolExecutor

crowd = emotion["test"]["text"][:240]

# %% [markdown]
# One request of one client, with a stopwatch:


# %% tags=["lesson-only"]


def timed_request(text: str) -> float:
    started = time.perf_counter()
    requests.post(server.url, json={"inputs": text}, timeout=60).raise_for_status()
    return 1000 * (time.perf_counter() - started)


# %% [markdown]
# The server's `GET /health` counts texts and *batches*: passes of the model. Requests that arrive while the model is busy wait together, and go through it together. How many share a batch?


# %% tags=["lesson-only"]
def under_load(clients: int) -> dict[str, float]:
    before = requests.get(f"{server.url}/health", timeout=10).json()
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        times = list(pool.map(timed_request, crowd))
    seconds = time.perf_counter() - started
    after = requests.get(f"{server.url}/health", timeout=10).json()
    return {
        "p50 (ms)": np.percentile(times, 50),
        "p99 (ms)": np.percentile(times, 99),
        "texts per second": len(crowd) / seconds,
        "texts per batch": len(crowd) / (after["batches"] - before["batches"]),
    }


# %% [markdown]
# One client, four, sixteen:

# %% tags=["lesson-only"]
load_table = pd.DataFrame({clients: under_load(clients) for clients in (1, 4, 16)}).T
plots.plot_load(load_table.rename_axis("clients"))

# %% [markdown]
# *How to read it:* from left to right more clients ask at once. If the server computed one text after the other, a request among sixteen clients would take sixteen times as long as one alone, and the throughput would stay the same. In our run, on two cores, it takes about seven times as long, and the throughput doubles. Two things raise it: with many clients the model no longer waits between requests, and texts that wait for the model are computed together, eight per batch with sixteen clients (right panel). To tell them apart, start the server with `batch_size=1`. Here clients and server share one processor; over a real network the numbers differ.
#
# A queue needs a limit, or a busy server answers nobody in time. Ours holds 512 texts. When it is full, the server answers 503 with a `Retry-After` and an `estimated_time`, which your `query` understands.
#
# We stop the server. It takes no new requests, answers those in progress, and ends.

# %% tags=["lesson-only"]
server.stop()
server

# %% [markdown]
# ### The same, hosted
#
# *Inference Providers* are companies, the Hub itself among them (`hf-inference`), that run public models for you. The client is the one from above, with a model's name in place of the address, and a token of your account (`hf auth login`, or the variable `HF_TOKEN`; never write one into a notebook). Without token or network the next cell says so.

# %%
from huggingface_hub import get_token

from helpers.network import ask_hub

HOSTED = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
if get_token() is None:
    print("No token here. With one, this cell asks a sentiment model that the Hub hosts.")
else:
    client = InferenceClient(provider="hf-inference", timeout=20)
    hosted = ask_hub(
        lambda: client.text_classification("i feel fine", model=HOSTED),
        "what a hosted sentiment model says of 'i feel fine'",
    )
    print(hosted)

# %% [markdown]
# Hosted or your own? A hosted model is running in a minute, and somebody else is called at night. But every text leaves your network, you pay for use, and a model can be changed or withdrawn: name a revision where you can. Messages of patients or pupils are a reason to serve the model yourself.

# %% [markdown]
# ## 4. Inside the pipeline
#
# What did `classifier(...)` do for each text? Tokenize (with truncation, if you ask for it); one forward pass, in evaluation mode and without gradients; softmax; look up the name. Four steps, and you have met them all. So you can replace any of them, which we do right after the exercise.
#
# ### Exercise 6.3: classify ●●○ about 10 minutes
#
# *Importance: high. When a pipeline and your own code disagree, this is the function that finds out why.*
#
# Write `classify`: what `pipeline("text-classification")` with `truncation=True` gives for one text (its best class), without the pipeline. The text is truncated at `tokenizer.model_max_length`, whatever that is. The score is a float, and the model is left as it came, in evaluation mode.
#
# <details><summary>Hint 1</summary>Which two arguments does the tokenizer need, so that it cuts the text and returns tensors? They come with a dimension for the batch, here of size 1.</details>
# <details><summary>Hint 2</summary><code>model(**inputs).logits[0]</code> has one number per class. <code>model.config.id2label</code> has the names.</details>


# %% nbgrader={"grade": false, "grade_id": "classify", "locked": false, "schema_version": 3, "solution": true, "task": false}
def classify(text: str, tokenizer, model) -> dict:
    """Classify one text as a pipeline does.

    Parameters
    ----------
    text : str
        Truncated at `tokenizer.model_max_length`.
    tokenizer : PreTrainedTokenizerBase
    model : PreTrainedModel
        A classifier with one label per text, in evaluation mode.

    Returns
    -------
    dict
        ``{"label": str, "score": float}`` of the best class.

    Examples
    --------
    >>> sorted(classify("i feel fine", tokenizer, model))
    ['label', 'score']
    """
    ### BEGIN SOLUTION
    inputs = tokenizer(text, truncation=True, return_tensors="pt").to(model.device)
    with torch.no_grad():
        probabilities = model(**inputs).logits[0].softmax(dim=-1)
    best = int(probabilities.argmax())
    return {"label": model.config.id2label[best], "score": float(probabilities[best])}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_classify", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("classify")

# %% [markdown]
# ## 5. Smaller and faster
#
# PyTorch is built for training: flexible, and heavy to carry around. A model that only has to answer can be written down once, as a graph of operators, in the open format **ONNX**. *ONNX Runtime* plans and runs such a graph without PyTorch, on a server, on a phone or in a browser.
#
# An exporter wants a model that takes tensors and returns tensors. Ours returns an object with several fields, so we wrap it.


# %% tags=["lesson-only"]
class LogitsOnly(torch.nn.Module):
    def __init__(self, classifier):
        super().__init__()
        self.classifier = classifier

    def forward(self, input_ids, attention_mask):
        return self.classifier(input_ids=input_ids, attention_mask=attention_mask).logits


# %% [markdown]
# `torch.onnx.export` follows an example through the model. `dynamic_shapes` names the dimensions that may differ from the example: the number of texts, and their length. Without it, the graph accepts only the example's shape: two texts of that one length. The export takes a while; `quietly` hides its messages.

# %% tags=["lesson-only"]
from helpers.exporting import quietly

example = tokenizer(
    ["i feel fine", "i feel like nobody asked me"], padding=True, return_tensors="pt"
)
names = ["input_ids", "attention_mask"]
dynamic = {0: "texts", 1: "tokens"}
full = folder / "onnx" / "model.onnx"
full.parent.mkdir(exist_ok=True)
with quietly():
    torch.onnx.export(
        LogitsOnly(loaded).eval(),
        tuple(example[name] for name in names),
        full,
        input_names=names,
        output_names=["logits"],
        dynamic_shapes=(dynamic, dynamic),
        external_data=False,
        verbose=False,
    )

# %% [markdown]
# ### Eight bits
#
# Each weight is a float of 32 bits. *Quantisation* rounds the weights of a matrix to 256 levels, 8 bits each (`int8`), and keeps the distance between two levels as one float per column. *Dynamic* means that the activations are rounded on the fly, by their own range in each pass, so no examples are needed beforehand.

# %% tags=["lesson-only"]
import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

graph = onnx.load(full)
# The exporter stores shapes of intermediate results. They confuse the quantiser: drop them.
graph.graph.ClearField("value_info")
small = folder / "onnx" / "model_int8.onnx"
with quietly():
    quantize_dynamic(graph, small, weight_type=QuantType.QInt8, per_channel=True)

# %% [markdown]
# Four times smaller, in theory. Is it faster, and does it still give the same answers? Do not trust a benchmark from somebody else's machine: measure here, on the validation split. `onnx_predictor` (in `helpers/predictors.py`) tokenizes, runs the graph, and returns what a pipeline would.

# %% tags=["lesson-only"]
from helpers.predictors import onnx_predictor

id2label = loaded.config.id2label
versions_of_it = {
    "PyTorch float32": (predict, folder / "model.safetensors"),
    "ONNX float32": (onnx_predictor(tokenizer, full, id2label), full),
    "ONNX int8": (onnx_predictor(tokenizer, small, id2label), small),
}


# %% [markdown]
# For each version: the size of its file, the milliseconds for one text (the median of fifty, one after the other), the milliseconds per text when a thousand come at once, and the accuracy on this thousand. All get the thousand sorted by length, since the pipeline pads batches of 32 in the order given while `onnx_predictor` sorts by itself: unsorted, PyTorch computes more padding and looks slower than it is. A fourth row shows by how much. (The passes still differ in size: 32 texts in the pipeline, at most 256 tokens in ONNX Runtime.)


# %% tags=["lesson-only"]
def measure(ask, path: Path, ordered=True) -> tuple[dict[str, float], list[str]]:
    messages = emotion["validation"].to_pandas().head(1000)
    singles = []
    for text in messages["text"].head(50):
        started = time.perf_counter()
        ask([text])
        singles.append(time.perf_counter() - started)
    if ordered:
        messages = messages.sort_values("text", key=lambda texts: texts.str.len())
    started = time.perf_counter()
    labels = [scores[0]["label"] for scores in ask(messages["text"].tolist())]
    batched = (time.perf_counter() - started) / len(messages)
    truth = messages["label"].map(id2label)
    row = {"megabytes": path.stat().st_size / 1e6, "ms (one text)": 1000 * np.median(singles)}
    row |= {"ms per text (batches)": 1000 * batched, "accuracy": np.mean(np.equal(labels, truth))}
    return row, labels


# %% [markdown]
# All three, and how often each gives the same label as the original; then PyTorch without sorting:

# %% tags=["lesson-only"]
rows, answers = {}, {}
for name, (ask, path) in versions_of_it.items():
    rows[name], answers[name] = measure(ask, path)
    rows[name]["same label"] = np.mean(np.equal(answers[name], answers["PyTorch float32"]))
rows["PyTorch, unsorted"], _ = measure(predict, folder / "model.safetensors", ordered=False)

# %% [markdown]
# As a table, and as a picture:

# %% tags=["lesson-only", "shows:trade-off"]
trade_off = pd.DataFrame(rows).T
trade_off.round(3)

# %% tags=["lesson-only"]
plots.plot_sizes(trade_off)

# %% [markdown]
# *How to read it:* each row of bars is a version of the same model. You want the first three panels short and the last unchanged. In our run 8 bits make the file almost four times smaller; the accuracy differs by one message in a thousand, which says nothing. The column *same label* of the table is the stricter test, since equal accuracy can hide errors that cancel out: the 8-bit version answers six messages in a thousand differently. Decide with that number in view, not with the megabytes alone.
# <!-- numbers given: 8 -->
#
# In our run the ONNX graph needs less than half of PyTorch's time for a single text, and gains less in batches; 8 bits are faster still in both. The last row shows what sorting alone does: unsorted, PyTorch needs almost twice the time per text in batches, so a comparison of that with sorted ONNX would credit the format with the gain of sorting. (For one text the first and the last row do the same work: what lies between them is the noise of the machine.) What part of the gain is Python's overhead was not measured, and the factors depend on the processor's instructions. On a GPU prefer half precision (`float16`, `bfloat16`) to this kind of `int8`.
# <!-- numbers given: 8 -->

# %% [markdown]
# ## 6. Classes without training
#
# Suppose that tomorrow somebody wants a class *boredom*. No labels, no time. Then let the **names** of the classes do the work: an encoder that was trained to put sentences of similar meaning close together can compare a message with the *word* boredom. This is **zero-shot classification**.
#
# We need a function from texts to vectors. Masked mean pooling, as in lesson 3:

# %%
from helpers.models import CHECKPOINT, EMBEDDED_CHECKPOINT, load_encoder

encoder = load_encoder(EMBEDDED_CHECKPOINT, source="embedded").cpu()
sentence_tokenizer = load_tokenizer(EMBEDDED_CHECKPOINT, source="embedded")

# %% [markdown]
# The encoder comes without a head and without any training on emotions. We take the embedded one in any case, since it was trained to compare sentences; one that was not (DistilBERT, say) may do worse, which is not tested here.


# %%


def embed(texts: list[str]) -> np.ndarray:
    inputs = sentence_tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        states = encoder(**inputs).last_hidden_state
    weights = inputs["attention_mask"].unsqueeze(-1).float()
    return ((states * weights).sum(dim=1) / weights.sum(dim=1)).numpy()


# %% [markdown]
# **Another task of `pipeline`.** `feature-extraction` gives the encoder's vectors, one per token; their mean is one vector per message (a single text has no padding). Two hundred messages become vectors:

# %% tags=["lesson-only"]
extractor = pipeline("feature-extraction", model=encoder, tokenizer=sentence_tokenizer)
library = emotion["validation"]["text"][:200]
vectors = [extractor(text, return_tensors=True)[0].mean(dim=0).numpy() for text in library]

# %% [markdown]
# Vectors that are close belong to messages of similar meaning. Which of the two hundred are nearest to a new one?

# %% tags=["lesson-only"]
from sklearn.metrics.pairwise import cosine_similarity

closeness = cosine_similarity(embed(["nobody came to my party"]), vectors)[0]
for row in np.argsort(-closeness)[:3]:
    print(f"{closeness[row]:.2f}", library[row])

# %% [markdown]
# This is *semantic search*; near duplicates in a dataset are found like that, too. No class was named, nothing was trained (`embed` and the pipeline compute the same vectors, or the comparison would make no sense). Close means alike in topic and wording more than in feeling, here: with the embedded data one of the three is about a happy party. Now to labels: the names of classes are texts, too.
#
# The cosine similarity of a message with each label is a number between -1 and 1. A softmax of such close numbers would be nearly flat, so they are multiplied first. The factor, 10 here, is an inverse *temperature*: the larger, the sharper the answer.

# %%
from sklearn.metrics.pairwise import cosine_similarity

wanted = ["anger", "joy", "boredom", "gardening"]
cosines = cosine_similarity(embed(["there is nothing to do here, hour after hour"]), embed(wanted))[
    0
]
pd.DataFrame({"label": wanted, "cosine": cosines.round(3)}).sort_values("cosine", ascending=False)

# %% [markdown]
# ### Exercise 6.4: zero-shot ●●○ about 12 minutes
#
# *Importance: medium. The cheapest first version of a classifier, and the baseline that any labelling effort must beat.*
#
# Write `zero_shot`: the cosine similarity of the text with each label, times 10, through a softmax. Return a dict from label to probability, a float, best first. The text and the labels go to `embed` as they stand, in lists, and the list of labels stays as it is.
#
# Bad input: no labels raise a `ValueError` whose message names `labels`.
#
# <details><summary>Hint 1</summary>The cosine of two vectors is their dot product divided by both lengths. Divide each row by its length first, and a matrix product gives all cosines at once.</details>
# <details><summary>Hint 2</summary><code>embed</code> takes a list, and returns one row per text: how do you get a single vector for the text?</details>
# <details><summary>Hint 3</summary>A dict keeps the order in which it is filled. <code>np.argsort</code> sorts upwards; which array's order do you want?</details>


# %% nbgrader={"grade": false, "grade_id": "zero_shot", "locked": false, "schema_version": 3, "solution": true, "task": false}
def zero_shot(text: str, labels: list[str], embed) -> dict[str, float]:
    """Classify a text by how close its embedding is to those of the labels.

    Parameters
    ----------
    text : str
    labels : list of str, at least one
    embed : callable, from a list of n texts to an ndarray of shape (n, width)

    Returns
    -------
    dict of str to float
        Each label's probability, best first: softmax of 10 × cosine similarity.

    Raises
    ------
    ValueError, naming `labels`
        If there are none.

    Examples
    --------
    >>> zero_shot("i feel fine", ["joy"], embed)
    {'joy': 1.0}
    """
    ### BEGIN SOLUTION
    if not labels:
        raise ValueError("labels is empty: name at least one class")
    vectors = np.asarray(embed([text, *labels]), dtype=np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similarities = 10 * (vectors[1:] @ vectors[0])
    powers = np.exp(similarities - similarities.max())
    probabilities = powers / powers.sum()
    order = np.argsort(-probabilities, kind="stable")
    return {labels[index]: float(probabilities[index]) for index in order}
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_zero_shot", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("zero_shot")

# %% [markdown]
# How good is it on our six emotions? Here the wording becomes a setting: the bare name of a class, or a sentence as a person would write it. We measure both on validation messages, next to always answering the most frequent class.

# %%
classes = emotion["train"].features["label"].names
adjectives = ["sad", "happy", "loving", "angry", "scared", "surprised"]
sample = emotion["validation"].select(range(500))

# %% [markdown]
# Each message goes to the class whose prompt is nearest:

# %% tags=["lesson-only"]
message_vectors = embed(sample["text"][:])
wordings = {"the name": classes, "i feel …": [f"i feel {word}" for word in adjectives]}
accuracies = {"most frequent class": np.bincount(sample["label"]).max() / len(sample)}
tuned = [classes.index(scores[0]["label"]) for scores in predict(sample["text"][:])]
accuracies["fine-tuned"] = np.mean(np.array(tuned) == np.array(sample["label"]))
for wording, prompts in wordings.items():
    nearest = cosine_similarity(message_vectors, embed(prompts)).argmax(axis=1)
    accuracies[wording] = np.mean(nearest == np.array(sample["label"]))
pd.Series(accuracies, name="accuracy").round(3).to_frame()

# %% [markdown]
# Compare the rows with each other, and with the fine-tuned model on the same 500: that is what labels are worth. One might bet on the second wording, which resembles a message more than a bare name does. With the embedded encoder the bet is lost: 0.454 against 0.544. (The two wordings differ in the word as well as in *i feel*, so this does not say which of the two matters.) Such *prompts* are settings like any other: choose them on validation, never on test.
#
# The pipeline `zero-shot-classification` goes another way (not tried here): a larger model, trained to tell whether one sentence follows from another, reads the text once with each label, so its time grows with the number of labels.

# %% [markdown]
# ## 7. Your own service
#
# **FastAPI** turns functions into a web service. A decorator says which path and method a function answers; the types of its parameters say what a request must look like. Here is a whole service, which counts words:

# %%
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictInt, StrictStr


class Sentence(BaseModel):
    words: StrictStr
    limit: StrictInt = Field(default=100, ge=1)


counter = FastAPI()


@counter.post("/count")
def count(sentence: Sentence) -> dict[str, int]:
    return {"count": min(sentence.limit, len(sentence.words.split()))}


# %% [markdown]
# A class derived from `BaseModel` describes a JSON object: names, types, defaults, limits (`ge` means greater or equal). FastAPI reads the request's body with it, and answers 422 by itself where the body does not fit. `StrictInt` takes whole numbers only; a plain `int` would also accept `"3"` and `true`.
#
# A `TestClient` calls an app without starting a server:

# %% tags=["nbval-check-output", "lesson-only"]
from fastapi.testclient import TestClient

with TestClient(counter) as client:
    for body in ({"words": "i feel fine"}, {"words": "i feel fine", "limit": 0}, {"text": "hi"}):
        print(client.post("/count", json=body).status_code, body)

# %% [markdown]
# To answer with another status, `raise HTTPException(status_code=413, detail="…")`. To answer with any status and a body of your own, return `JSONResponse({"error": "…"}, status_code=500)`.
#
# That last one matters. If a function of yours raises an exception, FastAPI answers 500 with a bare text; some servers in debug mode send the whole trace. A trace tells outsiders about your files, versions and queries. It belongs in *your* log, and the caller gets one sentence of your own.
#
# ### Exercise 6.5: create_app ●●● about 30 minutes
#
# *Importance: high. The model is the small part of a service; the rest is saying no, clearly.*
#
# Write `create_app`. It takes a function `predict` (from a list of texts to one list of labels and scores per text, best first) and returns a FastAPI app:
#
# - `POST /` takes `{"inputs": a string or a list of strings, "parameters": {"top_k": n}}`. `parameters` and `top_k` may be missing or null; unknown keys are ignored. The answer is always a list of lists, for a single string too; `inputs: []` gives `[]`.
# - `top_k` is an integer of at least 1; above the number of classes, it gives all of them.
# - More than 64 texts, or a text of over 10,000 characters: status 413. Anything else that is not as described: 422. Both answer with a JSON object that says why, under `error` or `detail` (FastAPI's own answers do).
# - If `predict` raises an exception, of whatever class: status 500 with the body `{"error": …}`, a sentence of your own that holds neither the exception's message nor a trace. They go to your log, through `logging`.
# - `GET /health` answers 200, also where `predict` fails.
#
# <details><summary>Hint 1</summary>Two classes derived from <code>BaseModel</code> describe the body: one for <code>parameters</code>, one for the whole. A field's type can be <code>StrictStr | list[StrictStr]</code>. Unknown keys are ignored by default.</details>
# <details><summary>Hint 2</summary>The order of things: one string becomes a list of one; then the limits; then <code>predict</code> inside <code>try</code>; then cut each list to <code>top_k</code>.</details>
# <details><summary>Hint 3</summary>Classes can be defined inside a function. If FastAPI takes your body for a query parameter, look whether the parameter has its type written after a colon.</details>
# <details><summary>Hint 4</summary><code>@app.exception_handler(...)</code> is one way to answer faults; a <code>try</code> around the one call that can fail, which returns a <code>JSONResponse</code>, is a shorter one. <code>logging.getLogger(__name__).exception("…")</code> in the <code>except</code> logs the trace, too.</details>


# %% nbgrader={"grade": false, "grade_id": "create_app", "locked": false, "schema_version": 3, "solution": true, "task": false}
def create_app(predict) -> FastAPI:
    """Build a text-classification service that speaks the Hub's format.

    Parameters
    ----------
    predict : callable
        Takes a list of texts and returns, for each, a list of ``{"label", "score"}``, best first.

    Returns
    -------
    FastAPI
        `POST /` classifies, `GET /health` answers 200. Status 422 for a request that is not as
        described, 413 for more than 64 texts or a text of over 10,000 characters (both with
        `error` or `detail`), 500 with ``{"error": …}`` where `predict` raises, which is logged.

    Examples
    --------
    >>> TestClient(create_app(predict)).get("/health").status_code
    200
    """

    ### BEGIN SOLUTION
    class Parameters(BaseModel):
        top_k: StrictInt | None = Field(default=None, ge=1)

    class Body(BaseModel):
        inputs: StrictStr | list[StrictStr]
        parameters: Parameters | None = None

    app = FastAPI()

    @app.post("/", response_model=None)
    def classify_texts(body: Body) -> list | JSONResponse:
        texts = [body.inputs] if isinstance(body.inputs, str) else body.inputs
        if len(texts) > 64:
            raise HTTPException(413, f"{len(texts)} texts; 64 are the most of one request")
        if any(len(text) > 10_000 for text in texts):
            raise HTTPException(413, "a text is longer than 10,000 characters")
        try:
            answers = predict(texts) if texts else []
        except Exception:
            logging.getLogger(__name__).exception("the model failed")
            return JSONResponse({"error": "the model failed on this request"}, status_code=500)
        top_k = body.parameters.top_k if body.parameters else None
        return [scores[:top_k] for scores in answers]

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    return app
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_create_app", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
check("create_app")

# %% [markdown]
# The course's server differs from yours in ways that only show on a busy day. It limits the size of a body *while* it arrives. It computes requests together, its queue has a limit, and when one text makes the model fail, the other requests of its batch still get their answers. `helpers/serving.py` can be read in one sitting; after this exercise you will follow it.
#
# To serve the folder that we have filled, type `course serve FOLDER` in a terminal. It takes the 8-bit model, if there is one. From Python it is the same function:

# %% tags=["lesson-only"]
from helpers.predictors import load_predictor

ask_small, name = load_predictor(folder)
with start_server(ask_small, name=name) as server:
    print(requests.get(f"{server.url}/health", timeout=10).json())

# %% [markdown]
# ### What a team adds
#
# Your service answers, and says no clearly. Before others rely on it, a team adds what nobody asks for on the first day (the course's server has it, in `helpers/operations.py`):
#
# - a **token**: a request without one gets 401. (Only over HTTPS, which a proxy in front adds: in plain HTTP anyone on the way can read it.) It is compared with `hmac.compare_digest`, which takes as long for a nearly right token as for a wrong one,
# - **liveness and readiness**, told apart: `/health` says that the process answers (if not, restart it), `/ready` that the model does (if not, send nobody there),
# - a **deadline**: after so many seconds the caller gets 504, and texts that still wait are dropped. A pass of the model that has begun cannot be stopped, so a model that hangs makes `/ready` fail,
# - a **request id** and one line of the log for each request, and counters under `/metrics`, which Prometheus collects.
#
# To see `/ready` fail, we need a model that can be broken:


# %% tags=["lesson-only"]
import secrets

switch = {"broken": False}
logging.getLogger("course.serving").propagate = False  # the model's trace would fill this page


def breakable(texts: list[str]) -> list[list[dict]]:
    if switch["broken"]:
        raise RuntimeError("the disk is gone")
    return ask_small(texts)


# %% [markdown]
# A token is drawn at random, with the module `secrets`. In production it comes from the environment: `course serve` reads the variable `SERVICE_TOKEN`. Never write one into code.

# %% tags=["lesson-only"]
token = secrets.token_urlsafe(32)
guarded = start_server(breakable, name=name, token=token, deadline=5)
bearer = {"Authorization": f"Bearer {token}"}

# %% [markdown]
# No token, a guessed one, the right one (which your `query` sends when it gets it as `token`):

# %% tags=["nbval-check-output", "lesson-only"]
body = {"inputs": "i feel fine", "parameters": {"top_k": 1}}
for headers in ({}, {"Authorization": "Bearer guessed"}, bearer):
    print(requests.post(guarded.url, json=body, headers=headers, timeout=10).status_code)

# %% [markdown]
# The page and both checks stay open: they hold nothing secret, and what starts and stops containers often has no token to send. The counters do need the token, since they tell how much a service is used. Now both checks while the model works, after it broke, and after its repair:


# %% tags=["nbval-check-output", "lesson-only"]
def checks() -> list[int]:
    paths = ("health", "ready")
    return [requests.get(f"{guarded.url}/{path}", timeout=10).status_code for path in paths]


print(checks())
switch["broken"] = True
print(checks())
switch["broken"] = False
print(checks())

# %% [markdown]
# The process lives all the time, so nobody restarts it in vain; while `/ready` says 503, whatever distributes requests sends them elsewhere. It asks the model a tiny text, rather than whether it has failed before: one odd message that the model cannot handle must not take the service away from everybody else.
#
# What has been counted so far? Three of the lines:

# %% tags=["nbval-check-output", "lesson-only"]
lines = requests.get(f"{guarded.url}/metrics", headers=bearer, timeout=10).text.splitlines()
wanted = ('classifier_requests_total{route="POST', "classifier_texts_total")
print(*[line for line in lines if line.startswith(wanted)], sep="\n")

# %% [markdown]
# Refusals count, too: a jump of 401 may be somebody who guesses, or a client with an old token, a jump of 504 a model that is too slow, or stuck. A histogram of seconds is among the other lines; p50 and p99 are estimated from it.
#
# And the log: one JSON object per line, which programs can search. A caller may bring an id in the header `X-Request-ID`, and quote it when something went wrong. Odd ids are replaced: what a caller sends ends up in logs, and in the tools that read them.

# %% tags=["lesson-only"]
import io

from helpers.operations import log_requests

stream = io.StringIO()
log_requests(stream)
_ = requests.post(
    guarded.url, json=body, headers=bearer | {"X-Request-ID": "support-42"}, timeout=10
)
guarded.stop()
print(stream.getvalue())

# %% [markdown]
# It holds the *number* of texts, and never a text. A log is read by many, copied, and kept for long; the people who wrote the messages agreed to none of that.
#
# ### In a container
#
# An **image** packs the service with all that it needs, Python and libraries included but not the kernel; it runs wherever Docker runs on the same kind of processor. While it runs, it is a **container**. A `Dockerfile` says how the image is built. `write_container` writes one for our model, with exact versions of the libraries that it names (not of what those need) and with the settings of a Hugging Face Space, which builds it for you:

# %% tags=["lesson-only"]
from helpers.operations import write_container

container = write_container(folder, folder.with_name("container"), name=folder.name)
print((container / "Dockerfile").read_text())

# %% [markdown]
# Three lines deserve a look. `USER`: the service runs as an ordinary user, so that somebody who breaks into it is not root. `HEALTHCHECK`: Docker itself asks `/health`, and marks the container as unhealthy; restarting it is the job of what runs the containers, and Kubernetes has probes of its own. And a line that is missing: the token. It is given when the container starts (`--env SERVICE_TOKEN`, in a Space as a secret), because anyone who has an image can read everything in it. With the ONNX file the image needs no PyTorch. (No image was built where this course is tested, which has no Docker; the program inside was run.)
#
# ### The way back
#
# The next model will be better on the test split and worse somewhere that nobody tested. So keep the way back short. **Two versions** run side by side behind one address; a proxy in front decides by a *setting* who gets which: first one request in twenty to the new one, then all. Compare the counters of both, and the shares of their labels. If something looks wrong, **rollback** means to change that setting, which takes seconds; to build or train anything in that hour takes too long, and easily goes wrong.
#
# For that, keep: the image of the old version, under a name that never changes its content (a digest, not `latest`); its model folder with card and versions; and some dozens of messages that you wrote yourself, with the answers that it gave, to see that the old version is the old one again. Both must speak the same contract. A model with other class names is not a new version but another service: give it an address of its own.

# %% [markdown]
# ## 8. Watch it
#
# A model that was right on the test split in May may be wrong in November, and nothing will crash. In production nobody sends you the true labels, so accuracy cannot be watched directly. What can:
#
# - **The inputs.** Length, language, and how many pieces a word falls into: a tokenizer that meets unknown words cuts them into many.
# - **The outputs.** How sure the model is on average, and what share each class gets.
# - **The service.** Time (p50 and p99), errors, length of the queue.
#
# Compare windows of messages with what was normal on validation. What to keep: numbers like these, not the messages. People did not write them to have them stored.


# %% tags=["lesson-only"]
def signals(texts: list[str]) -> dict[str, float]:
    pieces = [len(tokens) - 2 for tokens in loaded_tokenizer(texts, truncation=True)["input_ids"]]
    best = [scores[0] for scores in ask_small(texts)]
    return {
        "pieces per word": sum(pieces) / sum(len(text.split()) for text in texts),
        "mean confidence": np.mean([entry["score"] for entry in best]),
        "share of 'joy'": np.mean([entry["label"] == "joy" for entry in best]),
    }


# %% [markdown]
# We simulate a day of traffic: twenty windows of a hundred test messages. From window 10 on, something breaks before the messages reach us: an app's new version sends every second message without its spaces.


# %%
def broken(texts: list[str]) -> list[str]:
    return [text.replace(" ", "") if n % 2 else text for n, text in enumerate(texts)]


# %% [markdown]
# The windows are drawn at random from the test split.

# %% tags=["lesson-only"]
rng = np.random.default_rng(0)
traffic = np.array(emotion["test"]["text"][:], dtype=object)
windows = [rng.choice(traffic, 100, replace=False).tolist() for _ in range(20)]
windows[10:] = [broken(texts) for texts in windows[10:]]
watched = pd.DataFrame([signals(texts) for texts in windows])

# %% [markdown]
# What is normal? A hundred messages of the validation split, drawn again and again, show how far each signal varies by chance. A band of three standard deviations around the mean allows for that. For a normally distributed signal expect about nine false alarms in a thousand windows for each signal, not the textbook's three: mean and deviation are estimated from twenty draws only.

# %% tags=["lesson-only"]
usual = np.array(emotion["validation"]["text"][:], dtype=object)
draws = [rng.choice(usual, 100, replace=False).tolist() for _ in range(20)]
normal = pd.DataFrame([signals(texts) for texts in draws])

# %% [markdown]
# Now the picture: windows against bands.

# %% tags=["lesson-only", "shows:watch"]
spread = 3 * normal.std()
bands = pd.DataFrame({"low": normal.mean() - spread, "high": normal.mean() + spread})
plots.plot_watch(watched, bands, start=10)

# %% [markdown]
# *How to read it:* the grey band is normal, the dotted line is where the fault begins, a cross is an alarm. In our run pieces per word and mean confidence leave their bands in the very window of the fault and stay outside; the share of *joy* never does. None of the three gives a false alarm before. No label was needed. An input signal does not depend on what the model makes of the input; an output signal hints at whether the fault matters.
#
# When an alarm comes: look at messages of that window (with permission), label a few dozen, measure. Only then decide between fixing the input, training again, or making the alarm less sensitive.
#
# ### Other people, other messages
#
# A fault like the one above is sudden. More often the messages change slowly: another app, another age group, another topic. That the *inputs* no longer look like those of the training is called **covariate drift**. A mean can miss it, so we compare whole distributions, with two measures:
#
# - the **population stability index** (PSI): cut the reference into ten bins with a tenth of its values each, and look what share $q_b$ of the window falls into each bin, against its share $p_b$ of the reference: $\mathrm{PSI} = \sum_b (q_b - p_b) \ln (q_b / p_b)$. It is 0 where all shares are equal. Below 0.1 is often called stable, above 0.25 a shift: a rule of thumb from banks, not a law,
# - the **Kolmogorov-Smirnov statistic** (KS): the largest distance between the two cumulative distributions, from 0 to 1. It needs no bins.
#
# An empty bin would give the logarithm of 0, so each bin gets half a message more:


# %%
def psi(reference, window, bins: int = 10) -> float:
    edges = np.quantile(reference, np.linspace(0, 1, bins + 1)[1:-1])
    shares = []
    for values in (reference, window):
        counts = np.bincount(np.searchsorted(edges, values), minlength=bins) + 0.5
        shares.append(counts / counts.sum())
    p, q = shares
    return float(((q - p) * np.log(q / p)).sum())


# %% [markdown]
# Two signals of each message: its length, and the probability of the model's best class. The reference is the validation split. (Not train: the model is surer of messages that it has seen, and every new message would look like drift.)


# %% tags=["lesson-only"]
def described(texts: list[str]) -> pd.DataFrame:
    best = [scores[0]["score"] for scores in ask_small(texts)]
    return pd.DataFrame({"characters": [*map(len, texts)], "top probability": best})


known = described(emotion["validation"]["text"][:])

# %% [markdown]
# The other messages come from other datasets, or from the course's stand-ins for them: short posts about emotions, and film reviews, which lesson 7 uses. A window has 200 of them.

# %% tags=["lesson-only"]
others = {
    "posts": load("tweet_emotion")["test"]["text"][:200],
    "film reviews": load("imdb")["test"].shuffle(seed=0)["text"][:200],
}
windows = {name: described(texts) for name, texts in others.items()}

# %% [markdown]
# How large are both measures where nothing has shifted? Draw a reference of a thousand messages and a window of 200 from the *same* split, again and again:


# %% tags=["lesson-only"]
from scipy.stats import ks_2samp


def distances(reference: pd.DataFrame, window: pd.DataFrame) -> pd.DataFrame:
    pairs = {signal: (reference[signal], window[signal]) for signal in reference}
    rows = {
        signal: {"PSI": psi(*pair), "KS": ks_2samp(*pair).statistic}
        for signal, pair in pairs.items()
    }
    return pd.DataFrame(rows).T


draws = [known.sample(1200, random_state=seed) for seed in range(20)]
chance = pd.concat([distances(draw[:1000], draw[1000:]) for draw in draws])

# %% [markdown]
# The same for the windows of other text, with one reference of a thousand. The columns *by chance* are the largest of the twenty draws:

# %% tags=["lesson-only", "shows:distances"]
reference = known.sample(1000, random_state=0)
found = pd.concat({name: distances(reference, window) for name, window in windows.items()})
found = found.rename_axis(["text", "signal"])
by_chance = chance.rename_axis("signal").groupby("signal").max().add_suffix(" by chance")
found.join(by_chance, on="signal").round(3)

# %% tags=["lesson-only", "shows:drift"]
plots.plot_drift(found, chance)

# %% [markdown]
# *How to read it:* one row per text, one filled point per window; circles are the length, squares the top probability. The open points are the twenty windows of the same text, and the dotted lines are the rule of thumb. Film reviews are a shift by any measure: the PSI is 5.26 for the length and 3.56 for the top probability. Posts are nearer. The PSI of their length, 0.24, is still below 0.25; but chance alone gave 0.095 at most, so it is a shift. And the same text reached 0.14, above 0.1, where nothing has shifted at all: with windows this small, chance alone reaches that far. So compare with draws of *your* window size, not with somebody's rule.
# <!-- numbers from: drift, distances; given: 0.1, 0.25 -->
#
# This finds covariate drift that shows in these two signals, and cannot find **concept drift**: the same words come in, but their right label has changed (*sick* becomes praise, a rule of what counts as a complaint is rewritten). Every input and every probability stays as it was, so PSI and KS stay at what chance gives, while accuracy falls. Only labels show that: have people label a small random sample every week, say a hundred messages, and watch its accuracy *with an interval* (section 9 computes one), since a hundred messages say little about two points more or less.
#
# Nor does covariate drift say that the model has become worse. It says that what you measured on validation may no longer hold.

# %% [markdown]
# ## 9. The model card
#
# A folder of weights without a description is a medicine bottle without a label. A **model card** is a file `README.md` in the model's folder, with a head that programs read and a text that people read: what it is for, on what data it was trained, how well it works for whom, and where it must not be used.
#
# Figures are generated, never typed. The report per class, on the test split, with the version that will be served:

# %% tags=["lesson-only"]
from sklearn.metrics import classification_report

truth = [classes[label] for label in emotion["test"]["label"]]
predicted = [scores[0]["label"] for scores in ask_small(emotion["test"]["text"][:])]
measured = classification_report(
    truth, predicted, labels=classes, output_dict=True, zero_division=0
)

# %% [markdown]
# Precision, recall and F1 of each class, with its number of messages (*support*):

# %% tags=["lesson-only", "shows:by-class"]
by_class = pd.DataFrame({name: measured[name] for name in classes}).T.round(3)
by_class["support"] = by_class["support"].astype(int)
by_class

# %% [markdown]
# The card must say which data these are: the real emotion dataset, or the stand-in that the course brings for work without network. We ask the data itself.

# %%
from helpers.data import info_of

stand_in = load("emotion", source="embedded")
is_stand_in = stand_in["test"]["text"][:50] == emotion["test"]["text"][:50]
hub_id, licence = info_of("emotion").hub_id, info_of("emotion").licence
data_name = hub_id
if is_stand_in:
    data_name, licence = f"the course's stand-in for {hub_id}", "CC BY 4.0"
data_name, licence

# %% [markdown]
# The head: `ModelCardData` writes it in the Hub's format, results included. With it the Hub shows the figures next to the model, and finds it in searches.

# %% tags=["lesson-only"]
from huggingface_hub import EvalResult, ModelCard, ModelCardData

metrics = {"accuracy": measured["accuracy"], "f1": measured["macro avg"]["f1-score"]}
dataset = "emotion-stand-in" if is_stand_in else hub_id  # never the real one's name for the other
where = {"task_type": "text-classification", "dataset_type": dataset, "dataset_name": data_name}
results = [
    EvalResult(metric_type=metric, metric_value=round(value, 4), dataset_split="test", **where)
    for metric, value in metrics.items()
]

# %% [markdown]
# They go into the head, beside the language, the task, the licence, the data (where the Hub has them) and the model that was fine-tuned. (The head's licence is the model's. We take that of the data; the base model's terms apply too, Apache 2.0 for both of ours. With `other`, the Hub also wants `license_name` and `license_link`.) A score on a sample has an interval:

# %% tags=["lesson-only"]
from scipy.stats import binomtest

head = ModelCardData(
    language="en",
    license="cc-by-4.0" if is_stand_in else "other",
    pipeline_tag="text-classification",
    model_name=folder.name,
    base_model=CHECKPOINT if loaded.config.model_type == "distilbert" else EMBEDDED_CHECKPOINT,
    datasets=None if is_stand_in else [hub_id],
    eval_results=results,
)
hits = int(np.equal(truth, predicted).sum())
interval = binomtest(hits, len(truth)).proportion_ci(method="wilson")

# %% [markdown]
# The text: what can be measured is filled in, what only a person can answer is left open.

# %% tags=["lesson-only"]
description = f"""
# {folder.name}

Six emotions in short English messages, from one text.

## Data

Fine-tuned on the train split of {data_name} ({len(emotion["train"]):,} messages; licence:
{licence}), by the recipe of lesson 4. Versions: {json.dumps(versions)}.

## Results

Measured with {name}, on the test split ({len(truth):,} messages): accuracy {metrics["accuracy"]:.3f} (95 % interval
{interval.low:.3f} to {interval.high:.3f}), macro-F1 {metrics["f1"]:.3f}.

{by_class.to_html(border=0)}

## Intended use and limits

*To be completed by you, in the exercise below.*
"""

# %% tags=["lesson-only"]
card = ModelCard(f"---\n{head.to_yaml()}\n---\n{description}")
card.save(folder / "README.md")

# %% [markdown]
# As a reader sees it:

# %% tags=["lesson-only", "shows:card"]
from IPython.display import Markdown

Markdown(description)

# %% [markdown]
# ### To the Hub
#
# A model repository on the Hub is this folder, with a history. Fill in a name of your own and log in, and the next cell makes a **private** repository and uploads it. Without, it says what it would do. You load it by that name wherever you are logged in; to share it, put it into an organization, or make it public.

# %% tags=["lesson-only"]
from huggingface_hub import HfApi

repository = ""  # such as "your-name/emotion-classifier"


def upload() -> str:
    HfApi().create_repo(repository, private=True, exist_ok=True)
    return HfApi().upload_folder(repo_id=repository, folder_path=folder).commit_url


# %% [markdown]
# Nothing is uploaded until you have filled in the name.

# %% tags=["lesson-only"]
if repository and get_token():
    print(ask_hub(upload, "the address of the uploaded model"))
else:
    print("No repository name or no token: with both, this cell uploads the folder.")

# %% [markdown] nbgrader={"grade": false, "grade_id": "question_model_card", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ### Exercise 6.6 (written): the rest of the card ●●○ about 15 minutes
#
# *Importance: high. It is the one page of your work that others will read.*
#
# Complete the model card in at most 250 words, under four headings:
#
# 1. **Intended use.** Who would use it, for what, and one purpose for which it must not be used, with a reason.
# 2. **Data.** Where the messages come from, what kind of people and language they cover, and what that leaves out.
# 3. **Metrics by class.** What the table above says: the best and the weakest class with their figures and support, and why overall accuracy does not say it.
# 4. **Limits.** Two cases in which the model goes wrong, each with a message that you tried and the model's answer, and what the person who runs the service should watch.
#
# You get half a point for each heading.
#
# === BEGIN MARK SCHEME ===
# Half a point each:
# Intended use: a concrete use with a person who stays responsible (sorting feedback, studying moods over many messages), and a forbidden one with its reason (decisions on single people, health, hiring, surveillance; no class "none").
# Data: says what kind of text it is (short English messages about feelings; whether the real data or the course's stand-in was used), and names at least one group, language or kind of text that is missing, and that nobody asked the writers for the labels (hashtags in the real data, the author's choice in the stand-in).
# Metrics by class: quotes recall or F1 of the best and the weakest class together with the support, and says that accuracy is dominated by the frequent classes.
# Limits: two failures, each shown with a message that was tried and its answer (negation, irony, no emotion, two emotions, another language, broken text …), and a signal to watch.
# Give nothing for a heading whose text would fit any model.
# === END MARK SCHEME ===

# %% [markdown] nbgrader={"grade": true, "grade_id": "written_model_card", "locked": false, "points": 2, "schema_version": 3, "solution": true, "task": false}
# **Intended use.** Counting moods over many short English messages, for example to see whether feedback on a service turns angrier, with a person who reads samples. Not for judging single people (health, hiring, pupils): there is no class "none", and about one answer in twelve is wrong.
#
# **Data.** The course's stand-in for dair-ai/emotion: 16,000 short English messages in lower case, put together from lines by one mostly British author. The labels were set by that author, about three in a hundred of them wrong on purpose (its data card says so); no writer of a real message was asked. Other languages, dialects, long texts and talk that is not about feelings are missing.
#
# **Metrics by class.** The best class is sadness (F1 0.946, 583 messages), just before joy (0.938, 670). The weakest is surprise (F1 0.713, recall 0.639); with 72 messages its figures are also the least certain. Accuracy (0.914) is the average over messages, so 72 of 2,000 hardly move it; macro-F1 counts each class alike and is lower (0.870).
#
# **Limits.** I tried "i do not feel happy": joy, 66 %; the *not* is missed. "i got the letter today" names no emotion and gets fear, 77 %. In windows where half of the messages lost their spaces (section 8) the mean confidence falls from about 0.94 to 0.76; what they do to accuracy I did not measure. Watch pieces per word, mean confidence and the shares of the classes against validation, and label a sample each month.
# <!-- numbers from: probabilities, by-class, card, watch; computed: (0.952 * 583 + 0.933 * 670 + 0.811 * 164 + 0.941 * 270 + 0.896 * 241 + 0.639 * 72) / 2000, (0.946 + 0.938 + 0.816 + 0.934 + 0.873 + 0.713) / 6; given: 2,000, 16,000, 6 -->

# %% [markdown]
# ## Recap
#
# - A model is a folder: weights, configuration, tokenizer. It does not hold most versions, the data or figures; write those down beside it.
# - Logits become an answer by softmax, sorting and names. `pipeline` does it with `top_k`; `truncation=True` is yours to ask for.
# - A service is a contract: what goes in, what comes out, and a status for everything that goes wrong. A client waits and tries again on 429, 502, 503 and 504, and gives up on any other error.
# - Requests that wait can be computed together, which raises the throughput; a queue needs a limit.
# - ONNX often makes a model faster, 8 bits make it smaller too. The price is measured, not assumed.
# - Embedded labels classify without training: a baseline, and a start for classes that have no labels yet.
# - A team adds a token, readiness apart from liveness, a deadline, request ids and counters, and keeps the way back short.
# - In production watch inputs, outputs and the service. Covariate drift shows in them, concept drift in labels alone.
# - Give every model its card.
#
# **Three quick questions**
#
# 1. A server answers 500 to your request. Should your client try again at once, and again?
#
# <details><summary>Answer</summary>No. 500 says that the server failed on this request; sent again, it most likely fails again, and adds load to a server in trouble. 429, 502, 503 and 504 are the ones that may pass; <code>Retry-After</code> says when.</details>
#
# 2. The 8-bit model has the same accuracy as the original. May you swap them without telling anybody?
#
# <details><summary>Answer</summary>Look at the share of equal labels first. The same accuracy can come from other errors: some messages improved, as many got worse. Users see single messages, not averages. And the card must name the version that was measured.</details>
#
# 3. The mean confidence of your service has fallen for three days. Is the model worse?
#
# <details><summary>Answer</summary>You cannot know yet. The messages may have become harder, come in another language, or arrive broken. Confidence says that something changed; a few dozen labels of today say what it did to accuracy.</details>
#
# **Where next.** Take a dataset that you have not seen, and go through the whole course once more, this time without a guide.
