"""A store that nobody uses any more goes without a wait, and without harm to its process."""

import gc
import subprocess
import sys
from pathlib import Path
from threading import Thread

from edx_assets.local.embedded_store import embedded_store
from edx_assets.resources.mongo import connect
from edx_assets.resources.store import Collection


def test_a_server_that_has_ended_is_not_waited_for(tmp_path: Path) -> None:
    with embedded_store(tmp_path) as uri:
        held = [connect(f"{uri}&serverSelectionTimeoutMS=600000")]
        assert held[0].count(Collection("d", "c")) == 0  # in a session

    def forget() -> None:
        held.clear()
        gc.collect()

    forgetting = Thread(target=forget, daemon=True)
    forgetting.start()
    forgetting.join(60)
    assert not forgetting.is_alive()


def test_a_collection_of_garbage_leaves_the_context_variables_whole() -> None:
    """CPython corrupts a context whose variables a finaliser sets while they are being reset.

    Its process may crash, so this is one of its own (github.com/python/cpython/issues/148891).
    """
    subprocess.run([sys.executable, "-c", _FORGOTTEN_WHILE_RESET], check=True, timeout=120)


_FORGOTTEN_WHILE_RESET = """
import contextvars, gc
from edx_assets.resources.mongo import connect

others = [contextvars.ContextVar(str(number)) for number in range(5)]
for other in others:
    other.set(None)
variable = contextvars.ContextVar("nested")
gc.disable()
for _ in range(100):
    store = connect("mongodb://127.0.0.1:1/?connect=false")
    circle = [store]
    circle.append(circle)
    del store, circle
    outer, inner = variable.set(1), variable.set(2)
    held = [[] for _ in range(1000)]  # the next object of a container collects
    gc.enable()
    variable.reset(inner)
    gc.disable()
    variable.reset(outer)
    context = contextvars.copy_context()
    assert len(context) == len(list(context))
    gc.collect()
"""
