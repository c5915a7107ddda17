"""Examples with speech, shortened."""

from __future__ import annotations

import numpy as np
import pytest
from example_runs import assert_drawn, needs, short_run

from numba_lstm.examples.speech import sounds, vad
from numba_lstm.interop import onnx

#: ONNX Runtime's, of some chunks of the recording of seed 0.
PROBABILITIES = [0.02657, 0.00232, 0.12784, 0.9641, 0.89471, 0.47889, 0.14824, 0.13655]


@needs("vad")
def test_voice_activity_is_the_same_with_every_engine(tmp_path):
    result = short_run("vad", "--limit", "104")
    assert_drawn(result)
    found, *others = result.figures["probabilities"].values()
    assert found.shape == (104,)
    np.testing.assert_allclose(found[[0, 50, 94, 95, 100, 101, 102, 103]], PROBABILITIES, atol=1e-3)
    for other in others:
        np.testing.assert_allclose(found, other, atol=1e-4)
    result.model.save(tmp_path / "vad.nlstm")


def test_a_chunk_counts_for_the_section_in_which_it_begins():
    sections = [sounds.Section(name, np.zeros(size), True) for name, size in (("one", 700), ("two", 700), ("three", 648))]
    lines = vad.by_section(sections, np.array([0.9, 0.1, 0.9, 0.9])).splitlines()
    assert [line.split() for line in lines[1:]] == [["one", "50%"], ["two", "100%"], ["three", "100%"]]


@needs("vad")
def test_voice_activity_carries_its_state():
    model = onnx.load_model(vad.model_file(), inputs={"sr": 16000}, shapes={"input": (None, 576)})
    chunk = vad.chunked(np.random.default_rng(0).normal(size=512).astype(np.float32))[0]
    step, again = vad.our_step(model), vad.our_step(model)
    first, second = step(chunk), step(chunk)
    assert first == again(chunk)
    assert first != second


def test_synthesised_voices_are_louder_than_the_silence():
    sections = {section.name: section.audio for section in sounds.recording(np.random.default_rng(3))}
    assert all(np.abs(audio).max() < 2 for audio in sections.values())
    assert sections["voice"].std() > 50 * sections["silence"].std()
    tone = sounds.spectrogram(np.sin(2 * np.pi * 1000 * np.arange(16000) / sounds.RATE))
    assert tone.mean(axis=0).argmax() == pytest.approx(1000 / sounds.RATE * 512, abs=1)


@needs("speakers")
def test_speakers_are_learned():
    result = short_run("speakers", "--limit", "36", "--epochs", "3")
    assert_drawn(result)
    losses = result.figures["history"]["loss"]
    assert losses[-1] < losses[0]
    assert [name for name, _ in result.rows] == list(result.figures["accuracy"])


@needs("pronunciation")
def test_pronunciations_are_learned():
    result = short_run("pronunciation", "--limit", "64", "--epochs", "3")
    assert_drawn(result)
    for losses in (result.figures["ctc_losses"], result.figures["losses"]):
        assert losses[-1] < losses[0]
    assert all(0 <= rate.sequences <= 1 for rate in result.figures["rates"].values())


@needs("pronunciation")
def test_no_word_is_in_both_sets_of_pronunciations():
    from numba_lstm.examples.speech import pronunciation

    train, test = pronunciation.load(10**6)
    assert not set(train.letters) & set(test.letters)
    assert len(train.letters) + len(test.letters) > 120_000
    assert max(map(len, test.phonemes)) > 1  # several pronunciations of a word
    assert all(phoneme.isalpha() for phoneme in test.phonemes[0][0])
