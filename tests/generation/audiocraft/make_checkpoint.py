"""Run by an interpreter that has audiocraft: a tiny checkpoint with random weights, as audiocraft's export writes one.

``make_checkpoint.py WORKER FOLDER [CHANNELS]``
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

SAMPLE_RATE_HZ = 32000
WORDS = ("lofi", "hip", "hop", "with", "warm", "rhodes", "drums", "bass", "slow", "fast", "techno", "ambient", "piano")
LANGUAGE_MODEL = """
device: cpu
dtype: float32
lm_model: transformer_lm
codebooks_pattern:
  modeling: delay
  delay: {{delays: {delays}, flatten_first: 0, empty_initial: 0}}
transformer_lm:
  dim: {dim}
  num_heads: {heads}
  num_layers: {layers}
  hidden_scale: 4
  n_q: {codebooks}
  card: {card}
  dropout: 0.
  emb_lr: null
  activation: gelu
  norm_first: true
  bias_ff: false
  bias_attn: false
  bias_proj: false
  past_context: null
  causal: true
  custom: false
  memory_efficient: true
  attention_as_float32: false
  layer_scale: null
  positional_embedding: sin
  xpos: false
  checkpointing: none
  weight_init: gaussian
  depthwise_init: current
  zero_bias_init: true
  norm: layer_norm
  cross_attention: false
  qk_layer_norm: false
  qk_layer_norm_cross: false
  attention_dropout: null
  kv_repeat: 1
  two_step_cfg: false
classifier_free_guidance: {{training_dropout: 0.3, inference_coef: 3.0}}
attribute_dropout: {{}}
fuser: {{cross_attention_pos_emb: false, cross_attention_pos_emb_scale: 1, sum: [], prepend: [], cross: [description],
  input_interpolate: []}}
conditioners:
  description:
    model: t5
    t5: {{name: t5-small, finetune: false, word_dropout: 0.3, normalize_text: false}}
dataset: {{segment_duration: {window_seconds}}}
interleave_stereo_codebooks: {{use: {stereo}, per_timestep: false}}
compression_model_n_q: null
"""
CODEC = """
device: cpu
sample_rate: 32000
channels: 1
compression_model: encodec
encodec: {autoencoder: seanet, quantizer: rvq, sample_rate: 32000, channels: 1, causal: false, renormalize: false}
seanet:
  dimension: 16
  channels: 1
  causal: false
  n_filters: 2
  n_residual_layers: 1
  ratios: [8, 5, 4, 4]
  activation: ELU
  activation_params: {alpha: 1.}
  norm: weight_norm
  norm_params: {}
  kernel_size: 7
  residual_kernel_size: 3
  last_kernel_size: 7
  dilation_base: 2
  pad_mode: constant
  true_skip: true
  compress: 2
  lstm: 1
  disable_norm_outer_blocks: 0
  decoder: {trim_right_ratio: 1.0, final_activation: null, final_activation_params: null}
  encoder: {}
rvq: {n_q: 4, q_dropout: false, bins: 64, decay: 0.99, kmeans_init: false, kmeans_iters: 50,
  threshold_ema_dead_code: 2, orthogonal_reg_weight: 0.0, orthogonal_reg_active_codes_only: false}
"""


def make(worker_file: str, folder: Path, channels: int = 1) -> None:
    spec = spec_from_file_location("audiocraft_worker", worker_file)
    assert spec is not None
    assert spec.loader is not None
    worker = module_from_spec(spec)
    spec.loader.exec_module(worker)
    worker.import_audiocraft()
    import torch
    from audiocraft.models import builders
    from omegaconf import OmegaConf

    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    _make_text_model(folder / "t5-small")
    worker._read_texts_from(folder)
    codebooks = 4 * channels
    delays = [index // channels for index in range(codebooks)]
    text = LANGUAGE_MODEL.format(
        dim=16, heads=2, layers=2, codebooks=codebooks, card=64, delays=delays,
        window_seconds=20.0, stereo=str(channels == 2).lower(),
    )  # fmt: skip
    language_model = builders.get_lm_model(OmegaConf.create(text))
    codec = builders.get_compression_model(OmegaConf.create(CODEC))
    for layer in codec.quantizer.vq.layers:
        layer._codebook.embed.normal_()
        layer._codebook.inited.fill_(True)
    for file, model, configuration in (
        (worker.LANGUAGE_MODEL, language_model, text),
        (worker.CODEC, codec, CODEC),
    ):
        told = {"best_state": model.state_dict(), "xp.cfg": configuration, "version": "1.3.0", "exported": True}
        torch.save(told, folder / file)


def _make_text_model(folder: Path) -> None:
    from transformers import T5Config, T5EncoderModel, T5TokenizerFast

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -10.0), ("▁", -3.0)]
    pieces += [("▁" + word, -2.0) for word in WORDS] + [(letter, -6.0) for letter in "abcdefghijklmnopqrstuvwxyz"]
    # As wide as T5-small must be for audiocraft, and small otherwise.
    T5EncoderModel(
        T5Config(vocab_size=64, d_model=512, d_kv=8, d_ff=32, num_layers=1, num_heads=2, is_encoder_decoder=False)
    ).save_pretrained(folder)
    T5TokenizerFast(vocab=pieces, extra_ids=0).save_pretrained(folder)


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
