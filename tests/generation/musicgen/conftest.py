"""Tiny MusicGen models with random weights, made on the spot: no weights can be had here, the code that loads them is
the real one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

WORDS = ("lofi", "hip", "hop", "with", "warm", "rhodes", "drums", "bass", "slow", "fast", "techno", "ambient", "piano")


def build_model(path: Path, *, channels: int = 1) -> Path:
    """A model of two layers and 64 codes, with its tokenizer, saved as transformers saves one."""
    from transformers import (
        EncodecFeatureExtractor,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenForConditionalGeneration,
        MusicgenProcessor,
    )

    decoder = MusicgenDecoderConfig(**_decoder_of(channels))
    _save(path, MusicgenForConditionalGeneration, MusicgenConfig, decoder=decoder)
    MusicgenProcessor(
        EncodecFeatureExtractor(feature_size=channels, sampling_rate=32000, padding_side="left"), _tokenizer()
    ).save_pretrained(path)
    return path


def build_melody_model(path: Path, *, channels: int = 1) -> Path:
    """The same that follows a melody; its tokenizer alone, for its processor needs torchaudio."""
    from transformers import (
        MusicgenMelodyConfig,
        MusicgenMelodyDecoderConfig,
        MusicgenMelodyForConditionalGeneration,
    )

    decoder = MusicgenMelodyDecoderConfig(**_decoder_of(channels))
    _save(
        path,
        MusicgenMelodyForConditionalGeneration,
        MusicgenMelodyConfig,
        decoder=decoder,
        chroma_length=235,
        tune_weight=50.0,
    )
    _tokenizer().save_pretrained(path)
    return path


def _decoder_of(channels: int) -> dict[str, int]:
    return {
        "vocab_size": 64, "max_position_embeddings": 128, "num_hidden_layers": 2, "ffn_dim": 32,
        "num_attention_heads": 2, "hidden_size": 16, "num_codebooks": 4 * channels, "audio_channels": channels,
        "pad_token_id": 64, "bos_token_id": 64,
    }  # fmt: skip


def _save(path: Path, kind: Any, configuration: Any, *, tune_weight: float = 1.0, **parts: Any) -> None:
    import torch
    from transformers import EncodecConfig, GenerationConfig, T5Config
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    text = T5Config(
        vocab_size=64, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, is_encoder_decoder=False, use_cache=False
    )
    codec = EncodecConfig(
        target_bandwidths=[1.2], sampling_rate=32000, hidden_size=16, num_filters=2, upsampling_ratios=[8, 5, 4, 4],
        codebook_size=64, codebook_dim=16, num_lstm_layers=1, use_causal_conv=False, use_conv_shortcut=False,
    )  # fmt: skip
    model = kind(configuration(text_encoder=text, audio_encoder=codec, **parts)).eval()
    _fill_codebooks(model.audio_encoder)
    if tune_weight != 1.0:
        # As small as random weights are, a tune would hardly be heard.
        model.audio_enc_to_dec_proj.weight.data *= tune_weight
    model.generation_config = GenerationConfig(
        do_sample=True, guidance_scale=3.0, max_length=1500, bos_token_id=64, pad_token_id=64, decoder_start_token_id=64
    )
    model.save_pretrained(path)


def _fill_codebooks(codec: Any) -> None:
    """With what the encoder makes of noise: they are zero otherwise, so that all codes would sound the same, and far
    from it where they are noise themselves, so that all sounds would have the same codes."""
    import torch

    with torch.inference_mode():
        noise = torch.randn(1, 1, 640 * 256) * torch.linspace(0, 1, 640 * 256)
        left = codec.encoder(noise)
        for layer in codec.quantizer.layers:
            layer.codebook.embed.copy_(left[0].T[torch.randperm(256)[:64]])
            left = left - layer.decode(layer.encode(left))


def _tokenizer() -> Any:
    from transformers import T5TokenizerFast

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -10.0), ("▁", -3.0)]
    pieces += [("▁" + word, -2.0) for word in WORDS] + [(letter, -6.0) for letter in "abcdefghijklmnopqrstuvwxyz"]
    return T5TokenizerFast(vocab=pieces, extra_ids=0)


@pytest.fixture(scope="session")
def mono_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers")
    return build_model(tmp_path_factory.mktemp("models") / "mono")


@pytest.fixture(scope="session")
def stereo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers")
    return build_model(tmp_path_factory.mktemp("models") / "stereo", channels=2)


@pytest.fixture(scope="session")
def melody_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers")
    return build_melody_model(tmp_path_factory.mktemp("models") / "melody")


@pytest.fixture(scope="session")
def stereo_melody_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers")
    return build_melody_model(tmp_path_factory.mktemp("models") / "stereo-melody", channels=2)


def load(path: Path) -> tuple[Any, Any]:
    """The model and its processor, as transformers loads them."""
    from transformers import MusicgenForConditionalGeneration, MusicgenProcessor
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = MusicgenForConditionalGeneration.from_pretrained(path, local_files_only=True).eval()
    return model, MusicgenProcessor.from_pretrained(path, local_files_only=True)
