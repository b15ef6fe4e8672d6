"""Every question as a route, with its options, formats and refusals; a server as a process."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

import tympan
from tests_serve import Running
from tympan.audio import Clip, load
from tympan.tasks.registry import verbs


def test_every_question_has_a_route(server: Running) -> None:
    with server.client() as client:
        paths = client.get("/openapi.json").json()["paths"]
    for name in (*verbs(), "toy", "brightness"):
        assert "post" in paths[f"/v1/{name}"], name


def test_a_question_of_another_package_is_answered(server: Running, short: bytes) -> None:
    with server.client() as client:
        toy = client.post("/v1/toy", files={"file": ("a.wav", short)}, data={"scale": "2"}).json()
        bright = client.post("/v1/brightness", files={"file": ("b.wav", short)}).json()
        wrong = client.post("/v1/toy", files={"file": ("a.wav", short)}, data={"scale": "11"})
        asked = {one["name"]: one for one in client.get("/v1/questions").json()}
    peak = load(short, rate_hz=8000, mono=True).peak
    assert toy["peak"] == pytest.approx(2 * peak, rel=1e-4)
    assert toy["file"] == "a.wav"
    assert bright["model"] == "bright"
    assert bright["brightness_hz"] > 0
    assert wrong.status_code == 400
    assert wrong.json()["error"]["param"] == "scale"
    assert asked["brightness"]["models"] == ["bright"]
    assert [one["name"] for one in asked["toy"]["options"]] == ["scale", "unit", "loud"]


def test_the_answer_is_that_of_the_function(server: Running, place: Path) -> None:
    wanted = tympan.classify(place / "short.wav", top=3).to_json()
    with server.client() as client:
        data = (place / "short.wav").read_bytes()
        found = client.post("/v1/classify", files={"file": ("x.wav", data)}, data={"top": 3}).json()
    assert found["labels"] == [
        {"label": one["label"], "score": pytest.approx(one["score"], abs=1e-4)}
        for one in wanted["labels"]
    ]
    assert found["duration_s"] == wanted["duration_s"]


def test_form_bare_body_and_json_give_the_same(server: Running, short: bytes) -> None:
    with server.client() as client:
        form = client.post("/v1/classify", files={"file": ("x.wav", short)}, data={"top": "2"})
        bare = client.post(
            "/v1/classify?top=2", content=short, headers={"content-type": "audio/wav"}
        )
        text = base64.b64encode(short).decode()
        body = {"file": text, "file_name": "x.wav", "top": 2}
        coded = client.post("/v1/classify", json=body)
        uri = client.post("/v1/classify", json={**body, "file": f"data:audio/wav;base64,{text}"})
    answers = [one.json()["labels"] for one in (form, bare, coded, uri)]
    assert all(len(one) == 2 for one in answers)
    assert [one[0]["label"] for one in answers] == [answers[0][0]["label"]] * 4


def test_an_answer_in_the_formats_of_its_verb(server: Running, short: bytes) -> None:
    files = {"file": ("x.wav", short)}
    with server.client() as client:
        table = client.post("/v1/segment", files=files, data={"format": "csv"})
        praat = client.post("/v1/segment", files=files, data={"format": "textgrid"})
        wrong = client.post("/v1/segment", files=files, data={"format": "mp3"})
    assert table.text.splitlines()[0] == "start_s,end_s,label,score"
    assert "attachment" in table.headers["content-disposition"]
    assert praat.text.startswith('File type = "ooTextFile"')
    assert wrong.json()["error"]["param"] == "format"
    assert wrong.json()["error"]["code"] == "invalid_value"


def test_what_is_decided_is_streamed(server: Running, place: Path) -> None:
    data = (place / "open" / "scene.wav").read_bytes()
    names: list[str] = []
    with (
        server.client() as client,
        client.stream(
            "POST", "/v1/classify", files={"file": ("s.wav", data)}, data={"stream": "true"}
        ) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        for line in response.iter_lines():
            if line.startswith("event: "):
                names.append(line.removeprefix("event: "))
            elif line.startswith("data: "):
                last = json.loads(line.removeprefix("data: "))
    assert names[-1] == "answer"
    assert "at_s" in names
    assert "decided" in names
    assert last["timeline"]


def test_a_recording_is_sent_once_and_asked_about_often(server: Running, short: bytes) -> None:
    with server.client() as client:
        kept = client.post("/v1/recordings", files={"file": ("k.wav", short)}).json()
        first = client.post("/v1/classify", data={"recording": kept["id"]}).json()
        second = client.post("/v1/toy", data={"recording": kept["id"]}).json()
        client.delete(f"/v1/recordings/{kept['id']}")
        gone = client.post("/v1/classify", data={"recording": kept["id"]})
    assert kept["duration_s"] == pytest.approx(5, abs=0.01)
    assert (first["file"], second["file"]) == ("k.wav", "k.wav")
    assert gone.status_code == 404
    assert gone.json()["error"]["code"] == "recording_gone"


@pytest.mark.parametrize(
    ("data", "code", "param"),
    [
        ({"top": "none"}, "invalid_value", "top"),
        ({"topp": "3"}, "unknown_field", "topp"),
        ({"model": "soundz"}, "model_not_found", "model"),
        ({"model": "speech"}, "wrong_model", "model"),
        ({"model": "../../secret"}, "model_not_found", "model"),
        ({"stream": "maybe"}, "invalid_value", "stream"),
        ({"clean": "maybe"}, "invalid_value", "clean"),
        ({"every_s": "0.001"}, "invalid_value", "every_s"),
        ({"reject": "perhaps"}, "invalid_value", "reject"),
    ],
)
def test_a_wrong_field_is_named(
    server: Running, short: bytes, data: dict[str, str], code: str, param: str
) -> None:
    with server.client() as client:
        found = client.post("/v1/classify", files={"file": ("x.wav", short)}, data=data)
    assert 400 <= found.status_code < 500
    assert (found.json()["error"]["code"], found.json()["error"]["param"]) == (code, param)


def test_a_field_of_the_address_and_of_the_body_is_given_twice(
    server: Running, short: bytes
) -> None:
    sent = {"files": {"file": ("x.wav", short)}, "data": {"top": "1"}}
    with server.client() as client:
        form = client.post("/v1/classify?top=2", **sent)
        told = client.post("/v1/classify?top=2", json={"file": "", "top": 1})
        fine = client.post("/v1/classify?every_s=2", **sent)
        near = client.post("/v1/classify?topp=2", **sent)
    for one in (form, told):
        assert one.status_code == 400
        assert (one.json()["error"]["code"], one.json()["error"]["param"]) == ("given_twice", "top")
    assert len(fine.json()["labels"]) == 1
    assert near.json()["error"]["message"].endswith("did you mean top?")


def test_noise_is_taken_away_before_where_it_is_wished(server: Running, place: Path) -> None:
    path = place / "open" / "scene.wav"
    with server.client() as client:
        asked = {"file": path.name, "top": "1"}
        plain = client.post("/v1/classify", data=asked).json()
        clean = client.post("/v1/classify", data={**asked, "clean": "true"}).json()
    wanted = tympan.classify(tympan.clean(path), top=1).to_json()
    assert clean["labels"][0]["label"] == wanted["labels"][0]["label"]
    assert abs(clean["labels"][0]["score"] - wanted["labels"][0]["score"]) < 1e-4
    assert clean["labels"] != plain["labels"]
    assert clean["duration_s"] == plain["duration_s"]


def test_a_model_that_cleans_by_itself_does_it_once_or_not_at_all(
    server: Running, place: Path
) -> None:
    path = place / "open" / "scene.wav"
    with server.client() as client:
        asked = {"file": path.name, "model": "voices"}
        usual = client.post("/v1/embed", data=asked).json()["vector"]
        clean = client.post("/v1/embed", data={**asked, "clean": "true"}).json()["vector"]
        plain = client.post("/v1/embed", data={**asked, "clean": "false"}).json()["vector"]
    assert usual == clean
    assert np.dot(usual, plain) < 0.999


def test_what_a_worker_writes_goes_with_the_server(server: Running) -> None:
    for pid in server.workers():
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        (place,) = [one.partition(b"=")[2] for one in environment if one.startswith(b"TMPDIR=")]
        assert Path(place.decode()).name.startswith(f"tympan-serve-{server.process.pid}-")


def test_what_is_no_recording_is_refused_by_its_name(server: Running) -> None:
    with server.client() as client:
        text = client.post("/v1/classify", files={"file": ("../../ab.wav", b"no sound at all")})
        empty = client.post("/v1/classify", files={"file": ("e.wav", b"")})
        none = client.post("/v1/classify", data={"top": "1"})
        damaged = client.post("/v1/classify", json={"file": "%%%"})
        unknown = client.post("/v1/classify", content=b"x", headers={"content-type": "text/css"})
    assert text.status_code == 400
    told = text.json()["error"]
    assert told["code"] == "unreadable_audio"
    assert told["message"].startswith("ab.wav: ")
    assert "tympan-serve" not in told["message"]
    assert empty.json()["error"]["code"] == "unreadable_audio"
    assert none.json()["error"]["code"] == "missing_file"
    assert damaged.json()["error"]["code"] == "bad_base64"
    assert unknown.status_code == 415


def test_files_of_the_server_only_from_the_open_folder(server: Running, place: Path) -> None:
    with server.client() as client:
        named = client.post("/v1/classify", data={"file": "scene.wav"})
        outside = [
            client.post("/v1/classify", data={"file": name})
            for name in ("../secret.wav", str(place / "secret.wav"), "no.wav", "\0", "..")
        ]
        option = client.post("/v1/identify", data={"file": "scene.wav", "book": "/etc/passwd"})
    assert named.status_code == 200
    assert [one.status_code for one in outside] == [404] * 5
    assert option.status_code == 404
    assert option.json()["error"]["param"] == "book"


def test_a_link_does_not_lead_out_of_the_open_folder(server: Running, place: Path) -> None:
    link = place / "open" / "link.wav"
    if not link.exists():
        link.symlink_to(place / "secret.wav")
    with server.client() as client:
        found = client.post("/v1/classify", data={"file": "link.wav"})
    assert found.status_code == 404


def test_an_option_that_reads_a_file_takes_an_upload(server: Running, place: Path) -> None:
    voice = tympan.speak("Good morning, this is a sentence to be known by.", speaker="heart")
    wav = voice.to_wav_bytes()
    book = place / "voices.tympan"
    for name, speaker in (("Ann", "heart"), ("Ben", "michael")):
        clips = [
            tympan.speak(text, speaker=speaker)
            for text in (
                "One day we went to the sea, and it was cold.",
                "Nobody knows what the weather will be tomorrow morning.",
            )
        ]
        tympan.enroll(name, *clips, book=book)
    with server.client() as client:
        found = client.post(
            "/v1/identify", files={"file": ("v.wav", wav), "book": ("b", book.read_bytes())}
        ).json()
        value = client.post("/v1/classify", files={"file": ("v.wav", wav), "top": ("t", b"3")})
    assert found["candidates"][0]["speaker"] == "Ann"
    assert value.json()["error"]["param"] == "top"


def test_text_becomes_sound(server: Running) -> None:
    with server.client() as client:
        for form, suffix in (
            ("wav", b"RIFF"),
            ("mp3", b"ID3"),
            ("flac", b"fLaC"),
            ("opus", b"OggS"),
        ):
            found = client.post("/v1/speak", data={"text": "Good morning.", "format": form})
            assert found.status_code == 200, found.text
            assert found.content.startswith(suffix)
            assert 0.5 < load(io.BytesIO(found.content)).duration_s < 3
        silent = client.post("/v1/speak", json={"text": " "})
        wrong = client.post("/v1/speak", json={"text": "Hello.", "speed": 9})
        nobody = client.post("/v1/speak", json={"text": "Hello.", "speaker": "nobody"})
        symbols = client.post("/v1/speak", json={"text": "???"})
    assert silent.json()["error"]["code"] == "missing_text"
    assert wrong.json()["error"]["param"] == "speed"
    assert nobody.status_code == 400
    assert symbols.status_code == 400


def test_speech_says_that_a_machine_speaks(server: Running) -> None:
    from tympan.audio.synthetic import is_synthetic

    with server.client() as client:
        for form in ("wav", "mp3", "flac", "opus"):
            data = client.post("/v1/speak", json={"text": "Good day.", "format": form}).content
            assert is_synthetic(load(data)), form
        for form in ("aac", "wav"):  # the former has no place for tags
            sent = client.post("/v1/speak", json={"text": "Good day.", "format": form})
            assert sent.headers["x-digital-source-type"].endswith("trainedAlgorithmicMedia")
        asked = {"model": "en", "input": "Good day.", "stream_format": "sse"}
        told = client.post("/v1/audio/speech", json=asked)
        assert told.headers["content-type"].startswith("text/event-stream")
        assert told.headers["x-digital-source-type"].endswith("trainedAlgorithmicMedia")
        assert told.text.endswith("\n\n")
        assert "speech.audio.done" in told.text


def test_what_is_not_spoken_is_told(server: Running) -> None:
    text = "It costs $20 🙂, she said: 你好. And\x07 more."
    with server.client() as client:
        sent = client.post("/v1/speak", json={"text": text})
        theirs = client.post("/v1/audio/speech", json={"model": "en", "input": text})
        all_of_it = client.post("/v1/speak", json={"text": "It costs $20."})
        asked = {"model": "en", "input": text, "stream_format": "sse"}
        events = client.post("/v1/audio/speech", json=asked).text
        many = " ".join(chr(0x4E00 + i) + "." for i in range(200))
        long = client.post("/v1/speak", json={"text": f"Hello. {many}"})
    for one in (sent, theirs):
        told = one.headers["x-tympan-unspoken"]
        assert told.isascii()
        assert [unquote(name) for name in told.split(", ")] == ["🙂", "你好", "U+0007"]
    assert "x-tympan-unspoken" not in all_of_it.headers
    last = json.loads(events.strip().splitlines()[-1].removeprefix("data: "))
    assert (last["type"], last["unspoken"]) == ("speech.audio.done", ["🙂", "你好", "U+0007"])
    assert len(long.headers["x-tympan-unspoken"]) < 4000
    assert long.headers["x-tympan-unspoken"].endswith(", ...")


def test_models_health_metrics(server: Running, short: bytes) -> None:
    with server.client() as client:
        client.post("/v1/classify", files={"file": ("x.wav", short)})
        listed = client.get("/v1/models").json()
        one = client.get("/v1/models/sounds").json()
        none = client.get("/v1/models/none")
        health = client.get("/health").json()
        metrics = client.get("/metrics").text
        lost = client.get("/v1/nothing")
    assert listed["object"] == "list"
    assert {"sounds", "bright", "toy-engine"} <= {each["id"] for each in listed["data"]}
    assert "classify" in one["verbs"]
    assert "embed" in one["verbs"]  # it takes the models of others
    assert none.status_code == 404
    assert health["status"] == "ok"
    assert 'tympan_model_loaded{model="sounds",verb="classify",worker="0"} 1.0' in metrics
    assert 'route="/v1/classify",status="200"' in metrics
    assert lost.status_code == 404
    assert lost.json()["error"]["code"] == "no_route"


def test_silence_and_the_shortest_sound_are_answered(server: Running) -> None:
    for clip in (Clip([0.0] * 8000, 8000), Clip([0.1], 8000)):
        with server.client() as client:
            found = client.post("/v1/classify", files={"file": ("q.wav", clip.to_wav_bytes())})
        assert found.status_code == 200, found.text
        assert found.json()["warnings"]


def test_the_pages_fetch_nothing_from_elsewhere(server: Running) -> None:
    with server.client() as client:
        for path in ("/docs", "/studio"):
            page = client.get(path)
            assert page.status_code == 200
            assert "default-src 'none'" in page.headers["content-security-policy"]
            assert "http" not in page.text.replace("http-equiv", "")
        assert client.get("/assets/../app.py").status_code == 404
        assert client.get("/assets/docs.html").status_code == 404
