"""Check that an answer leaves a model that it was given unchanged."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from helpers.checks.expect import same, that
from helpers.checks.language import say


@contextmanager
def left_as_it_came(model: Any, given: str) -> Iterator[None]:
    """Expect that the code of the ``with`` block leaves a model unchanged in every respect."""
    before = {name: look(model) for name, look in _LOOKS.items()}
    yield
    told = {
        "modes": say("the modes of its parts (training or evaluation)"),
        "trainable": say("which of its weights can be trained"),
        "types": say("the type of its weights"),
        "values": say("the values of its weights"),
        "gradients": say("the gradients of its weights"),
        "configuration": say("its configuration"),
    }
    changed = [told[name] for name, look in _LOOKS.items() if not same(look(model), before[name])]
    that(
        not changed,
        say(
            "{1}: the model must be left as it came. Different afterwards: {2}.",
            given,
            ", ".join(changed),
        ),
    )


_LOOKS: dict[str, Callable[[Any], Any]] = {
    "modes": lambda model: [part.training for part in model.modules()],
    "trainable": lambda model: [weight.requires_grad for weight in model.parameters()],
    "types": lambda model: [weight.dtype for weight in model.parameters()],
    "values": lambda model: [weight.detach().double().tolist() for weight in model.parameters()],
    "gradients": lambda model: [weight.grad is not None for weight in model.parameters()],
    "configuration": lambda model: copy.deepcopy(vars(model.config)),
}
