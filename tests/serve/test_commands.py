"""What is asked beside the questions: of two recordings, an archive, all questions at once."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

import tympan
from tests_serve import Running, install_plugins, running
from tympan.audio import Clip, load
from tympan.serve.commands import all_commands
from tympan.tasks.embed.index import Index
from tympan.tasks.registry import commands

TEXTS = ("One day we went to the sea, and it was cold.", "Nobody knows the weather of tomorrow.")


@pytest.fixture(scope="module")
def voices() -> dict[str, bytes]:
    """What two speakers say."""
    return {
        f"{who}{n}": tympan.speak(text, speaker=who).to_wav_bytes()
        for who in ("heart", "michael")
        for n, text in enumerate(TEXTS)
    }


def test_every_command_has_a_route_that_is_described(server: Running) -> None:
    with server.client() as client:
        paths = client.get("/openapi.json").json()["paths"]
    assert {"hear", "find", "verify", "label", "explain", "show", "louder"} <= {
        one[4:] for one in paths
    }
    for name, command in all_commands().items():
        told = paths[f"/v1/{name}"]["post"]
        assert told["summary"] == command.help
        if command.refused:
            assert set(told["responses"]) >= {"501"}
            continue
        form = told["requestBody"]["content"]["multipart/form-data"]["schema"]
        models = {"model"} if command.models else set()
        assert ("model" in form["properties"]) is bool(models)
        assert {"file", *models, *(one.name for one in command.options)} <= set(form["properties"])
        assert form.get("required", []) == list(command.needs)
        assert ("clean" in form["properties"]) is command.cleans


def test_the_commands_of_questions_are_those_of_the_command_line() -> None:
    from tympan.cli.main import app

    known = {one.name or one.callback.__name__ for one in app.registered_commands if one.callback}
    assert set(commands()) <= known
    assert set(all_commands()) <= known


def test_a_command_of_another_package_is_done(server: Running, short: bytes, tone: Clip) -> None:
    quiet = Clip(0.1 * tone.samples, tone.rate_hz).to_wav_bytes()
    files = {"file": ("quiet.wav", quiet), "second": ("loud.wav", tone.to_wav_bytes())}
    with server.client() as client:
        found = client.post("/v1/louder", files=files)
        table = client.post("/v1/louder", files=files, data={"format": "csv"})
        alone = client.post("/v1/louder", files={"file": ("quiet.wav", quiet)})
        wrong = client.post("/v1/louder", files=files, data={"by": "0"})
        clean = client.post("/v1/louder", files=files, data={"clean": "true"})
        broken = client.post("/v1/louder", files={**files, "second": ("b.wav", b"no sound")})
    assert found.json()["peak"] == pytest.approx(0.3, abs=0.01)
    assert found.json()["file"] == "loud.wav"
    assert table.text.splitlines()[0] == "peak"
    for one, param in ((alone, "second"), (wrong, "by"), (clean, "clean"), (broken, "second")):
        assert (one.status_code, one.json()["error"]["param"]) == (400, param), one.text
    assert broken.json()["error"]["message"].startswith("b.wav: ")


def test_two_recordings_of_one_voice_or_two(server: Running, voices: dict[str, bytes]) -> None:
    def asked(first: str, second: str, **more: str) -> dict[str, object]:
        files = {"file": ("a.wav", voices[first]), "second": ("b.wav", voices[second])}
        with server.client() as client:
            found = client.post("/v1/verify", files=files, data=more)
        assert found.status_code == 200, found.text
        return dict(found.json())

    same, other = asked("heart0", "heart1"), asked("heart0", "michael1")
    strict = asked("heart0", "heart1", threshold="1")
    wanted = tympan.verify(load_wav(voices["heart0"]), load_wav(voices["heart1"]))
    assert same["same"] is True
    assert other["same"] is False
    assert strict["same"] is False
    assert (same["file"], same["other"]) == ("a.wav", "b.wav")
    assert same["probability"] == pytest.approx(wanted.probability, abs=1e-3)
    assert same["model"] == "voices"


def test_noise_is_taken_away_before_everything_is_answered(server: Running, place: Path) -> None:
    path = place / "open" / "scene.wav"
    with server.client() as client:
        sent = {"files": {"file": ("scene.wav", path.read_bytes())}, "data": {"model": "sounds"}}
        plain = client.post("/v1/hear", **sent).json()["answers"][0]["labels"]
        sent["data"] = {"model": "sounds", "clean": "true"}
        clean = client.post("/v1/hear", **sent).json()["answers"][0]["labels"]
    wanted = tympan.classify(path, clean=True).to_json()["labels"]
    assert [one["label"] for one in clean] == [one["label"] for one in wanted]
    assert clean[0]["score"] == pytest.approx(wanted[0]["score"], abs=1e-3)
    assert clean != plain


def test_voices_are_compared_with_their_noise_or_without(
    server: Running, voices: dict[str, bytes]
) -> None:
    def noisy(name: str) -> bytes:
        clip = load_wav(voices[name])
        noise = 0.05 * np.random.default_rng(0).standard_normal(clip.samples.shape)
        return Clip((clip.samples + noise).astype("f4"), clip.rate_hz).to_wav_bytes()

    files = {"file": ("a.wav", noisy("heart0")), "second": ("b.wav", noisy("heart1"))}
    found = {}
    with server.client() as client:
        for clean in ("true", "false", ""):
            data = {"clean": clean} if clean else {}
            found[clean] = client.post("/v1/verify", files=files, data=data).json()["similarity"]
    for clean in (True, False):
        wanted = tympan.verify(*(load_wav(one[1]) for one in files.values()), clean=clean)
        assert found[str(clean).lower()] == pytest.approx(wanted.similarity, abs=1e-3)
    assert found["true"] != found["false"]
    assert found[""] == found["true"]  # `voices` was made to clean


def test_a_recording_is_drawn(server: Running, short: bytes) -> None:
    sent = {"files": {"file": ("../<b>.wav", short)}}
    with server.client() as client:
        found = client.post("/v1/show", **sent, data={"kind": "spectrogram"}).json()
        picture = client.get(found["picture"])
        same = client.post("/v1/show", **sent, data={"kind": "spectrogram", "format": "png"})
        vector = client.post("/v1/show", **sent, data={"kind": "waveform", "format": "svg"})
        wrong = client.post("/v1/show", **sent, data={"kind": "smell"})
        model = client.post("/v1/show", **sent, data={"model": "sounds"})
    assert (found["file"], found["kind"], found["duration_s"]) == ("<b>.wav", "spectrogram", 5.0)
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert same.content == picture.content
    assert "<svg" in vector.text
    for one, param in ((wrong, "kind"), (model, "model")):
        assert (one.status_code, one.json()["error"]["param"]) == (400, param)
    assert "did you mean model" not in model.json()["error"]["message"]


def test_an_answer_is_explained(server: Running, place: Path) -> None:
    data = (place / "open" / "scene.wav").read_bytes()
    sent = {"files": {"file": ("scene.wav", data)}}
    with server.client() as client:
        found = client.post("/v1/explain", **sent, data={"label": "crow"}).json()
        page = client.get(found["page"])
        wrong = client.post("/v1/explain", **sent, data={"label": "crowd"})
        other = client.post("/v1/explain", **sent, data={"model": "speech"})
        seed = client.post("/v1/explain", **sent, data={"seed": str(2**64)})
    assert (found["file"], found["label"]) == ("scene.wav", "crow")
    assert 0 <= found["start_s"] < found["end_s"]
    assert page.text.startswith("<!DOCTYPE html>")
    assert "sandbox" in page.headers["content-security-policy"]
    assert "tympan-serve" not in json.dumps(found) + page.text
    assert wrong.status_code == 400
    assert other.json()["error"]["code"] == "wrong_model"
    assert (seed.status_code, seed.json()["error"]["param"]) == (400, "seed")


def test_what_is_no_voice_is_not_compared_and_called_by_its_name(
    server: Running, voices: dict[str, bytes]
) -> None:
    silence = Clip(np.zeros(16_000, np.float32), 16_000).to_wav_bytes()
    files = {"file": ("a.wav", voices["heart0"]), "second": ("silent.wav", silence)}
    with server.client() as client:
        found = client.post("/v1/verify", files=files).json()
    assert found["same"] is None
    assert any(line.startswith("silent.wav ") for line in found["warnings"])
    assert "tympan-serve" not in json.dumps(found)


def test_an_example_is_found_in_a_recording_and_in_an_index(server: Running, place: Path) -> None:
    scene = load(place / "open" / "scene.wav")
    example = scene.slice(2.5, 5).to_wav_bytes()
    tympan.embed(scene, every_s=2.5).save(place / "open" / "scene.npz")
    data = (place / "open" / "scene.wav").read_bytes()
    with server.client() as client:
        sent = {"file": ("ex.wav", example), "within": ("long.wav", data)}
        within = client.post("/v1/find", files=sent, data={"top": "2", "every_s": "2.5"}).json()
        index = (place / "open" / "scene.npz").read_bytes()
        upload = client.post(
            "/v1/find", files={"file": ("ex.wav", example), "index": ("i", index)}
        ).json()
        named = client.post(
            "/v1/find", files={"file": ("ex.wav", example)}, data={"index": "scene.npz"}
        ).json()
        table = client.post("/v1/find", files=sent, data={"format": "csv"}).text
    wanted = tympan.find(load_wav(example), place / "open" / "scene.npz")
    assert len(within["matches"]) == 2
    best = within["matches"][0]
    assert (best["file"], within["file"]) == ("long.wav", "ex.wav")
    assert best["start_s"] <= 3 <= best["end_s"]
    assert upload["matches"] == named["matches"]
    assert [one["start_s"] for one in named["matches"]] == [one.start_s for one in wanted]
    assert table.splitlines()[0] == "file,start_s,end_s,similarity"


def test_a_search_that_cannot_be_made_says_why(server: Running, place: Path, short: bytes) -> None:
    rows = np.eye(3, dtype=np.float32)
    foreign = place / "foreign.npz"
    names, times_s = np.array(["a"] * 3), np.arange(3.0)
    Index(rows, names, times_s, times_s + 1, "voices").save(foreign)
    example = {"file": ("x.wav", short)}
    with server.client() as client:
        neither = client.post("/v1/find", files=example)
        both = client.post("/v1/find", files={**example, "within": ("w.wav", short),
                                              "index": ("i", foreign.read_bytes())})  # fmt: skip
        other = client.post("/v1/find", files={**example, "index": ("i", foreign.read_bytes())})
        damaged = client.post("/v1/find", files={**example, "index": ("i", b"PK\x03\x04")})
        path = client.post("/v1/find", files=example, data={"index": "/etc/passwd"})
    for one, param in ((neither, "index"), (both, "index"), (other, "model")):
        assert (one.status_code, one.json()["error"]["param"]) == (400, param), one.text
    assert "--" not in other.json()["error"]["message"]
    assert damaged.status_code == 400
    assert path.status_code == 404


def test_everything_at_once_as_json_with_a_page(server: Running, place: Path) -> None:
    data = (place / "open" / "scene.wav").read_bytes()
    with server.client() as client:
        sent = {"files": {"file": ("<b>scene.wav", data)}}
        found = client.post("/v1/hear", **sent).json()
        page = client.get(found["page"])
        one = client.post("/v1/hear", **sent, data={"model": "sounds", "every_s": "2"}).json()
        none = client.post("/v1/hear", **sent, data={"model": "none"}).json()
        alone = client.post("/v1/hear", **sent, data={"format": "html", "model[]": "sounds"})
        classes = client.post("/v1/classify", **sent).json()
    asked = [answer["question"] for answer in found["answers"]]
    # Those of the server's models that have a place on a page, those of other packages too.
    assert {"classify", "segment", "identify", "transcribe", "toy", "brightness"} <= set(asked)
    assert "embed" not in asked
    assert found["answers"][0]["labels"] == classes["labels"]
    assert found["file"] == "<b>scene.wav"
    assert found["duration_s"] == classes["duration_s"]
    assert found["measured"]["loudness_lufs"] < 0
    assert page.text.startswith("<!DOCTYPE html>")
    assert "sandbox" in page.headers["content-security-policy"]
    assert "<b>scene" not in page.text
    assert "tympan-serve" not in json.dumps(found) + page.text
    assert [answer["model"] for answer in one["answers"]] == ["sounds"]
    assert none["answers"] == []
    assert alone.text.startswith("<!DOCTYPE html>")
    assert "attachment" in alone.headers["content-disposition"]


@pytest.mark.parametrize("verb", ["hear", "explain"])
def test_a_command_says_how_far_it_is(server: Running, place: Path, verb: str) -> None:
    clip = load(place / "open" / "scene.wav")
    long = Clip(np.tile(clip.samples, (1, 4)), clip.rate_hz).to_wav_bytes()
    data = {"stream": "true", "model": "sounds"}
    names, seconds = [], []
    with (
        server.client() as client,
        client.stream(
            "POST", f"/v1/{verb}", files={"file": ("s.wav", long)}, data=data
        ) as response,
    ):
        for line in response.iter_lines():
            if line.startswith("event: "):
                names.append(line.removeprefix("event: "))
            elif line.startswith("data: ") and names[-1] == "at_s":
                seconds.append(float(line.removeprefix("data: ")))
    assert names[-1] == "answer"
    assert len(seconds) > 1
    assert seconds == sorted(set(seconds))
    assert seconds[-1] == pytest.approx(4 * clip.duration_s, abs=0.01)


@pytest.mark.parametrize(
    ("data", "code", "param"),
    [
        ({"model": "soundz"}, "model_not_found", "model"),
        ({"model": "en"}, "wrong_model", "model"),
        ({"every_s": "-1"}, "invalid_value", "every_s"),
        ({"every_s": "0.0001"}, "invalid_value", "every_s"),
        ({"format": "pdf"}, "invalid_value", "format"),
        ({"stream": "true", "format": "html"}, "invalid_value", "stream"),
        ({"clean": "maybe"}, "invalid_value", "clean"),
    ],
)
def test_a_wrong_field_of_a_command_is_named(
    server: Running, short: bytes, data: dict[str, str], code: str, param: str
) -> None:
    with server.client() as client:
        found = client.post("/v1/hear", files={"file": ("x.wav", short)}, data=data)
    assert 400 <= found.status_code < 500
    assert (found.json()["error"]["code"], found.json()["error"]["param"]) == (code, param)


def test_what_works_on_a_folder_only_is_refused_with_the_reason(server: Running) -> None:
    with server.client() as client:
        found = client.post("/v1/label", files={"file": ("x.wav", b"x")})
    assert found.status_code == 501
    assert found.json()["error"]["code"] == "not_served"
    assert "tympan studio" in found.json()["error"]["message"]


def test_nothing_of_a_command_stays_on_the_disk(place: Path, short: bytes, tmp_path: Path) -> None:
    environment = {"TMPDIR": str(tmp_path)}
    with running("--models", "sounds", environment=environment) as server:
        with server.client() as client:
            both = {"file": ("x.wav", short), "within": ("y.wav", short)}
            assert client.post("/v1/find", files=both).status_code == 200
            made = (("hear", "html"), ("show", "svg"), ("show", "png"), ("explain", "html"))
            for name, form in made:
                sent = {"files": {"file": both["file"]}, "data": {"format": form}}
                assert client.post(f"/v1/{name}", **sent).status_code == 200
        # A file goes when its last byte has been sent, which the client may know first.
        until_s = time.monotonic() + 20
        while (left := [one for one in tmp_path.rglob("*") if one.is_file()]) and (
            time.monotonic() < until_s
        ):
            time.sleep(0.05)
        assert left == []


def test_a_command_cannot_take_the_name_of_another(tmp_path: Path) -> None:
    import subprocess
    import sys

    site = install_plugins(tmp_path)
    text = (site / "toy_question.py").read_text().replace('name="louder"', 'name="verify"')
    (site / "toy_question.py").write_text(text)
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "from tympan.tasks.registry import broken_verbs, verbs\n"
        "print('toy' in verbs(), *broken_verbs().values())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("False ")
    assert "the name 'verify' is taken" in told.stdout


def load_wav(data: bytes) -> Clip:
    """A recording of bytes."""
    import io

    return load(io.BytesIO(data))
