"""Whisper models in ONNX files that say what a test wants, in the layouts of `optimum`.

What follows depends on how many tokens there were, so that a cache that is filled or read wrongly
shows in the words; and on how loud the wave is, which reaches a decoder through its cache alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

TEXT = ("Ġ", "Ġtea", "Ġcof", "fee", "Ġplease", ".", "èĮ", "¶", "æ°´")
SPECIAL = (
    "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|de|>", "<|zh|>", "<|translate|>",
    "<|transcribe|>", "<|nospeech|>", "<|notimestamps|>",
)  # fmt: skip
NUMBERS = {token: i for i, token in enumerate((*TEXT, *SPECIAL))}
BANDS, ROWS = 80, 40
LOUD = "Ġplease"
KEYS = "past_key_values.0.encoder.key"


def scores(script: Sequence[dict[str, float]], many: bool) -> npt.NDArray[np.float32]:
    """Scores of what follows so many tokens `(ROWS, tokens)`; `script` is that after the prompt."""
    found = np.zeros((ROWS, len(NUMBERS)), np.float32)
    for place, row in enumerate(script, 4 if many else 2):
        for token, score in row.items():
            found[place, NUMBERS[token]] = score
    found[4 + len(script) :, NUMBERS["<|endoftext|>"]] = 99
    return found


def write_whisper(
    folder: Path,
    script: Sequence[dict[str, float]],
    *,
    layout: str = "merged",
    many: bool = True,
    after_start: dict[str, float] | None = None,
    **settings: Any,
) -> Path:
    """A folder with a model that writes a script.

    Args:
        folder: is made.
        script: for each step the scores of tokens.
        layout: `"merged"`, `"past"` (two decoders) or `"plain"` (one without a cache).
        many: whether it knows languages.
        after_start: scores after the first token.
        settings: of `generation_config.json`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = scores(script, many)
    for token, score in (after_start or {}).items():
        table[1, NUMBERS[token]] = score
    _save_encoder(folder / "encoder_model.onnx")
    if layout == "merged":
        _save_decoder(folder / "decoder_model_merged.onnx", table, past=True, makes=True)
    else:
        cached = layout == "past"
        _save_decoder(folder / "decoder_model.onnx", table, past=False, makes=cached)
        if cached:
            _save_decoder(folder / "decoder_with_past_model.onnx", table, past=True, makes=False)
    config = {
        "model_type": "whisper", "d_model": BANDS, "decoder_attention_heads": 1,
        "num_mel_bins": BANDS, "eos_token_id": NUMBERS["<|endoftext|>"],
    }  # fmt: skip
    vocabulary = {token: NUMBERS[token] for token in TEXT}
    added = [{"content": token, "id": NUMBERS[token]} for token in SPECIAL]
    tokens = {"model": {"vocab": vocabulary}, "added_tokens": added}
    given = {"is_multilingual": many, **settings}
    files = {"config": config, "tokenizer": tokens, "generation_config": given}
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value), "utf-8")
    return folder


def _save_encoder(path: Path) -> None:
    from onnx import helper

    given, states = "input_features", "last_hidden_state"
    node = helper.make_node("Transpose", [given], [states], perm=[0, 2, 1])
    outputs = {states: ("FLOAT", ["b", 3000, BANDS])}
    _save(path, [node], {given: ("FLOAT", ["b", BANDS, 3000])}, outputs, {})


def _save_decoder(path: Path, table: npt.NDArray[np.float32], *, past: bool, makes: bool) -> None:
    """A decoder: `past`: it goes on from a cache; `makes`: it computes keys of the states."""
    from onnx import helper

    node = helper.make_node
    key = ["b", 1, "n", BANDS]
    inputs: dict[str, Any] = {"input_ids": ("INT64", ["b", "t"])}
    if past:
        inputs |= {"past_key_values.0.decoder.key": ("FLOAT", key), KEYS: ("FLOAT", key)}
    nodes = [
        node("Unsqueeze", ["input_ids", "ends"], ["ids"]),  # (b, 1, t, 1)
        node("Cast", ["ids"], ["real"], to=1),
        node("Expand", ["real", "wide"], ["new"]),
    ]
    grown = ["past_key_values.0.decoder.key", "new"] if past else ["new"]
    nodes.append(node("Concat", grown, ["present.0.decoder.key"], axis=2))
    heard = KEYS
    if not past or makes:
        inputs["encoder_hidden_states"] = ("FLOAT", ["b", "s", BANDS])
        nodes.append(node("Unsqueeze", ["encoder_hidden_states", "one"], ["states"]))
        heard = "states"
    if past and makes:  # keys of the states once, then empty ones
        inputs["use_cache_branch"] = ("BOOL", [1])
        nodes += [
            node("Not", ["use_cache_branch"], ["first"]),
            node("Cast", ["first"], ["count"], to=7),
            node("Mul", ["count", "all_states"], ["until"]),
            node("Slice", ["states", "zero", "until", "two"], ["present.0.encoder.key"]),
            node("Concat", [KEYS, "present.0.encoder.key"], ["known"], axis=2),
        ]
        heard = "known"
    elif makes:
        nodes.append(node("Identity", ["states"], ["present.0.encoder.key"]))
    nodes += [
        node("ReduceMax", [heard], ["loud"], keepdims=0),
        node("Mul", ["loud", "louder"], ["more"]),
        node("Shape", ["present.0.decoder.key"], ["all"], start=2, end=3),
        node("Shape", ["input_ids"], ["fresh"], start=1, end=2),
        node("Sub", ["all", "fresh"], ["before"]),
        node("Squeeze", ["all"], ["last"]),
        node("Squeeze", ["before"], ["start"]),
        node("Range", ["start", "last", "step"], ["places"]),
        node("Add", ["places", "step"], ["rows"]),
        node("Gather", ["table", "rows"], ["found"]),
        node("Add", ["found", "more"], ["scores"]),
        node("Unsqueeze", ["scores", "zero"], ["logits"]),
    ]
    louder = np.zeros(len(NUMBERS), np.float32)
    louder[NUMBERS[LOUD]] = 8
    constants = {
        "ends": np.array([1, 3]), "one": np.array([1]), "zero": np.array([0]), "step": np.array(1),
        "wide": np.array([1, 1, 1, BANDS]), "table": table, "louder": louder,
        "two": np.array([2]), "all_states": np.array([3000]),
    }  # fmt: skip
    outputs = {"logits": ("FLOAT", ["b", "t", len(NUMBERS)])}
    outputs["present.0.decoder.key"] = ("FLOAT", key)
    if makes:
        outputs["present.0.encoder.key"] = ("FLOAT", key)
    _save(path, nodes, inputs, outputs, constants)


def _save(
    path: Path, nodes: list[Any], inputs: Any, outputs: Any, constants: dict[str, Any]
) -> None:
    import onnx
    from onnx import helper, numpy_helper

    infos = [
        [
            helper.make_tensor_value_info(name, getattr(onnx.TensorProto, kind), shape)
            for name, (kind, shape) in some.items()
        ]
        for some in (inputs, outputs)
    ]
    used = {name for one in nodes for name in one.input}
    values = [numpy_helper.from_array(v, k) for k, v in constants.items() if k in used]
    graph = helper.make_graph(nodes, "whisper", *infos, initializer=values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
