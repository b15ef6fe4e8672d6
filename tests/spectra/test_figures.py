"""The figures show what is in the sound, and never grow with its length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tympan.audio import Clip
from tympan.errors import ArgumentError, TympanError
from tympan.spectra import figures
from tympan.spectra.figures_data import log_rows, mel_rows, overview, power_db
from tympan.spectra.figures_stream import Columns

RATE = 16000


def tone(*partials: tuple[float, float], duration_s: float = 2.0, name: str = "") -> Clip:
    t = np.arange(round(duration_s * RATE)) / RATE
    wave = sum(a * np.sin(2 * np.pi * hz * t) for hz, a in partials)
    return Clip(np.asarray(wave, np.float32)[None], RATE, name)


@pytest.mark.parametrize("kind", ["spectrogram", "mel", "log"])
def test_silence_is_dark(kind: str) -> None:
    silence = Clip(np.zeros((1, RATE), np.float32), RATE)
    figure = figures.show(silence, kind)
    (image,) = (image for ax in figure.axes for image in ax.images)
    assert np.max(image.norm(image.get_array())) <= 0


@pytest.mark.parametrize("hz", [440.0, 1000.3, 5123.77])
def test_spectrum_shows_the_true_amplitude_and_frequency(hz: float) -> None:
    data = overview(tone((hz, 0.5), (3 * hz / 2, 0.125)))
    first, second = data.peaks(2)
    assert first.frequency_hz == pytest.approx(hz, abs=0.1)
    assert first.amplitude == pytest.approx(0.5, rel=0.01)
    assert second.amplitude == pytest.approx(0.125, rel=0.01)
    assert data.amplitude.max() == pytest.approx(0.5, rel=0.02)


def test_spectrogram_puts_energy_at_its_place() -> None:
    silence = Clip(np.zeros((1, RATE), np.float32), RATE)
    data = overview(silence.concat(tone((2000, 0.5), duration_s=1.0), silence))
    level = power_db(data.power)
    times = np.arange(level.shape[1]) * data.frames_s
    row = round(2000 / RATE * data.n_fft)
    inside = (times > 1.1) & (times < 1.9)
    assert np.allclose(level[row, inside], 20 * np.log10(0.5), atol=0.1)
    outside = (times < 0.9) | (times > 2.1)
    assert level[:, outside].max() < -100

    mel, position = mel_rows(data)
    assert int(mel[:, inside].sum(axis=1).argmax()) == int(position(2000))
    log, low_hz = log_rows(data)
    centres = np.geomspace(low_hz, RATE / 2, len(log) + 1)
    top = int(log[:, inside].sum(axis=1).argmax())
    assert centres[top] * 0.98 < 2000 < centres[top + 1] * 1.02


def test_long_recordings_become_a_bounded_picture_with_the_same_content() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 0.1, (1, 90 * RATE)).astype(np.float32)
    samples[0, 1_234_567] = 0.9  # one click in a million samples must stay visible
    data = overview(Clip(samples, RATE))
    assert data.low.shape[1] <= 2400
    assert data.power.shape[1] <= 2400
    column = 1_234_567 // data.samples_per_column
    assert data.high[0, column] == pytest.approx(0.9)
    # Merging keeps the energy: white noise of variance 0.01 has 0.015 after Hann's bandwidth.
    sine_power = 4 * 0.01 * 1.5 / data.n_fft
    assert data.power[5:-5].mean() == pytest.approx(sine_power, rel=0.05)


@pytest.mark.parametrize("pieces", [[10], [1] * 10, [3, 7], [9, 1]])
def test_columns_do_not_depend_on_how_the_stream_is_cut(pieces: list[int]) -> None:
    values = np.random.default_rng(1).random((2, 1000)).astype(np.float32)
    whole = Columns(16, np.mean)
    whole.push(values)
    cut, start = Columns(16, np.mean), 0
    for piece in pieces:
        cut.push(values[:, start * 100 : (start + piece) * 100])
        start += piece
    assert cut.span == whole.span == 32
    assert np.allclose(cut.values(), whole.values())


def test_a_file_gives_the_picture_of_its_clip(tmp_path: Path) -> None:
    clip = tone((440, 0.5), duration_s=45.0)
    path = clip.save(tmp_path / "a.wav", subtype="FLOAT")
    from_file, in_memory = overview(path), overview(clip)
    assert from_file.name == "a.wav"
    assert np.allclose(from_file.power, in_memory.power, atol=1e-9)
    assert np.array_equal(from_file.high, in_memory.high)


@pytest.mark.parametrize("kind", figures.KINDS)
@pytest.mark.parametrize("samples", [1, 50, 3000])
def test_every_kind_draws_even_the_shortest_clip(kind: str, samples: int, tmp_path: Path) -> None:
    clip = Clip(np.random.default_rng(0).normal(0, 0.1, (3, samples)), 8000)
    (path,) = figures.show(clip, kind, path=tmp_path / "a.png")
    assert path.stat().st_size > 3000


def test_silence_and_hostile_names_draw(tmp_path: Path) -> None:
    clip = Clip(np.zeros((1, 8000), np.float32), 8000, name="$\\frac{$ <b>\n\x00" + "x" * 300)
    (path,) = figures.show(clip, "all", path=tmp_path / "a.svg")
    assert "<svg" in path.read_text()


def test_the_same_clip_gives_the_same_file(tmp_path: Path) -> None:
    clip = tone((440, 0.5), duration_s=0.2)
    for suffix in ("svg", "png"):
        (one,) = figures.show(clip, "mel", path=tmp_path / f"1.{suffix}")
        (two,) = figures.show(clip, "mel", path=tmp_path / f"2.{suffix}")
        assert one.read_bytes() == two.read_bytes()


def test_show_writes_a_folder_of_all_kinds(tmp_path: Path) -> None:
    written = figures.show(tone((440, 0.5), duration_s=0.5), "all", path=tmp_path / "pictures")
    assert {p.stem for p in written} == set(figures.KINDS) - {"all"}
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in written)


def test_titles_axes_and_units(shared_data: Path) -> None:
    import matplotlib.pyplot as plt

    path = next((shared_data / "librispeech").rglob("*.flac"))
    figure = figures.plot_spectrogram(path, kind="mel")
    ax, bar = figure.axes
    assert path.name in ax.get_title(loc="left")
    assert ax.get_xlabel() == "Time (s)"
    assert "Hz" in ax.get_ylabel()
    assert "dB" in bar.get_ylabel()
    image = ax.images[0]
    brightness = np.asarray(image.cmap(np.linspace(0, 1, 64)))[:, :3].sum(axis=1)
    assert np.all(np.diff(brightness) > 0), "brighter must mean more energy"
    plt.close(figure)


def test_axes_of_the_caller_are_used() -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2)
    clip = tone((440, 0.5), duration_s=0.3)
    for plot, ax in zip(
        (figures.plot_waveform, figures.plot_spectrum, figures.plot_spectrogram, figures.plot_mfcc),
        axes.flat,
        strict=True,
    ):
        assert plot(clip, ax=ax) is figure
        assert ax.has_data()
    plt.close(figure)


def test_user_mistakes_are_named(tmp_path: Path) -> None:
    clip = tone((440, 0.5), duration_s=0.1)
    with pytest.raises(ArgumentError, match="waveform, spectrum"):
        figures.show(clip, "spectrogramm")
    with pytest.raises(ArgumentError, match=r"\.jpeg"):
        figures.show(clip, "mel", path=tmp_path / "a.jpeg")
    with pytest.raises(TympanError):
        figures.show(tmp_path / "missing.wav", "mel")
    (tmp_path / "file").touch()
    with pytest.raises(ArgumentError, match="the folder cannot be made"):
        figures.show(clip, "mel", path=tmp_path / "file")


def test_two_hours_take_the_memory_of_minutes() -> None:
    import tracemalloc

    from tympan.spectra.figures_data import Recording

    block = np.random.default_rng(0).normal(0, 0.1, (1, 20 * 4000)).astype(np.float32)

    def peak_bytes(minutes: int) -> int:
        blocks = 3 * minutes
        recording = Recording(
            "long", 4000, 1, blocks * block.shape[1], lambda: iter([block] * blocks)
        )
        tracemalloc.start()
        try:
            data = overview(recording)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            assert data.duration_s == 60 * minutes
            assert data.power.shape[1] <= 2400

    assert peak_bytes(120) < 1.2 * peak_bytes(10)


def test_own_figures_can_have_the_look_and_keep_their_sizes() -> None:
    import matplotlib
    import matplotlib.pyplot as plt

    def size_of_label() -> float:
        figure = figures.plot_waveform(tone((440, 0.5), duration_s=0.1))
        size = figure.axes[0].xaxis.label.get_fontsize()
        plt.close(figure)
        return float(size)

    with matplotlib.rc_context({"font.size": 30.0, "axes.labelsize": 30.0}):
        assert size_of_label() == 10.0, "the user's own settings do not matter"
        figures.set_theme(width_in=5, font_size=14)
        assert plt.rcParams["figure.figsize"] == [5.0, 2.5]
        assert size_of_label() == 14.0, "but the theme does"
