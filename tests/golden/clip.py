#!/usr/bin/env python3
"""Golden checkpoints and features for model/clip, from transformers and open_clip.

    clip.py make FOLDER              small configurations, random weights, inputs and what the
                                     libraries compute (tests/data/clip)
    clip.py paths FOLDER             dense tokens of the patch paths for the checkpoints that `make`
                                     wrote into FOLDER (paths.safetensors in each)
    clip.py full FOLDER              the same at ViT-B/16 size, one folder each for CLIP in both
                                     libraries and for SigLIP
    clip.py check CHECKPOINT GOLDEN  transformers loads CHECKPOINT (written by saveClip) and its
                                     embeddings must equal those in GOLDEN/expected.safetensors
    clip.py texts CHECKPOINT         transformers loads model and tokenizer of CHECKPOINT and pads
                                     texts to the length that the text tower has

Needs torch, transformers, open_clip_torch and safetensors.
"""

import copy
import json
import pathlib
import sys

sys.path.pop(0)  # this folder's safetensors.py would hide the package of that name

import open_clip
import torch
from safetensors.torch import load_file, save_file
from transformers import (AutoConfig, AutoTokenizer, CLIPConfig, CLIPModel, CLIPTokenizer,
                          SiglipConfig, SiglipImageProcessor, SiglipModel)

# name, patch, image size, activation, layers, stored dtype, shard size, end-of-text rule
HUGGING_FACE = [
    ("hf-p32-quick", 32, 64, "quick_gelu", 2, torch.float16, None, 2),
    ("hf-p16-gelu-bf16", 16, 64, "gelu", 3, torch.bfloat16, None, 59),
    ("hf-p14-sharded-fp16", 14, 56, "quick_gelu", 2, torch.float16, "60KB", 59),
]
# name, patch, image size, quick_gelu, layers, stored dtype, custom text names
OPEN_CLIP = [
    ("oc-p32-gelu", 32, 64, False, 2, torch.float16, False),
    ("oc-p16-quick", 16, 64, True, 3, torch.float16, False),
    ("oc-p14-custom", 14, 56, False, 2, torch.float16, True),
]
# name, patch, image size (the second one is no multiple), layers, width, vocabulary, stored dtype
SIGLIP = [
    ("siglip-p8", 8, 32, 3, 32, 400, torch.float16),
    ("siglip-p14-uneven", 14, 40, 2, 24, 60, torch.bfloat16),
]
VOCABULARY = 60
CONTEXT = 12


def randomise(model):
    """Weights far enough from zero that every part of the model shows in the output."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() <= 1 and name != "logit_scale":
                parameter.add_(torch.randn_like(parameter) * 0.2)
            elif parameter.dim() > 1:
                parameter.mul_(1.5)
            if "embedding" in name or "class" in name:
                parameter.add_(torch.randn_like(parameter) * 0.3)


def token_ids(rows, end, vocabulary=VOCABULARY, context=CONTEXT):
    ids = torch.randint(3, vocabulary - 2, (rows, context))
    ids[:, 0] = vocabulary - 2
    for row in range(rows):
        stop = 2 + row * (context - 3) // max(1, rows - 1)
        ids[row, stop] = vocabulary - 1
        # what CLIP's tokenizers pad with: OpenAI's with 0, Hugging Face's with the end token
        ids[row, stop + 1 :] = vocabulary - 1 if end != 2 else 0
    return ids


def normalised(tensor):
    return torch.nn.functional.normalize(tensor.float(), dim=-1)


def inputs(size, patch, end, images=2, texts=3, **text):
    return {
        "pixels": torch.randn(images, 3, size, size),
        "wide_pixels": torch.randn(1, 3, size, size + 2 * patch),
        "ids": token_ids(texts, end, **text),
    }


def siglip_ids(rows, vocabulary, context):
    """Id 1 ends a text and fills it up."""
    ids = torch.randint(2, vocabulary, (rows, context))
    for row in range(rows):
        ids[row, 1 + row * (context - 2) // max(1, rows - 1) :] = 1
    return ids


def siglip_inputs(size, patch, vocabulary, context, texts=3):
    given = {"pixels": torch.randn(2, 3, size, size),
             "ids": siglip_ids(texts, vocabulary, context)}
    if size % patch == 0:
        given["wide_pixels"] = torch.randn(1, 3, size, size + 2 * patch)
    return given


def siglip_outputs(model, given, wide=True):
    """As hugging_face_outputs; last_hidden is behind the post layer norm here."""
    with torch.no_grad():
        both = model(pixel_values=given["pixels"], input_ids=given["ids"])
        out = {
            "image": both.image_embeds,
            "last_hidden": both.vision_model_output.last_hidden_state,
            "text": both.text_embeds,
            "text_hidden": both.text_model_output.last_hidden_state,
            "logits": both.logits_per_text,
        }
        if wide and "wide_pixels" in given:
            other = model.vision_model(given["wide_pixels"], interpolate_pos_encoding=True)
            out["wide_image"] = normalised(other.pooler_output)
    return out


def hugging_face_outputs(model, given, wide=True):
    if isinstance(model, SiglipModel):
        return siglip_outputs(model, given, wide)
    with torch.no_grad():
        vision = model.vision_model(given["pixels"])
        text = model.text_model(input_ids=given["ids"])
        out = {
            "image": normalised(model.visual_projection(vision.pooler_output)),
            "last_hidden": vision.last_hidden_state,
            "text": normalised(model.text_projection(text.pooler_output)),
            "text_hidden": text.last_hidden_state,
        }
        if wide:
            other = model.vision_model(given["wide_pixels"], interpolate_pos_encoding=True)
            out["wide_image"] = normalised(model.visual_projection(other.pooler_output))
    return out


def open_clip_outputs(model, given):
    """The last block's output is taken by a hook: open_clip returns it after ln_post only."""
    caught = {}
    hook = model.visual.transformer.register_forward_hook(
        lambda _module, _args, output: caught.update(last_hidden=output)
    )
    with torch.no_grad():
        out = {
            "image": normalised(model.encode_image(given["pixels"])),
            "text": normalised(model.encode_text(given["ids"])),
        }
    hook.remove()
    return out | caught


def load_hugging_face(folder, **kwargs):
    is_siglip = AutoConfig.from_pretrained(folder).model_type == "siglip"
    return (SiglipModel if is_siglip else CLIPModel).from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", **kwargs)


class HuggingFaceBlocks:
    """The last blocks of a tower of transformers, for the patch paths."""

    def __init__(self, folder):
        self.model = load_hugging_face(folder).eval()
        self.first_patch = 0 if isinstance(self.model, SiglipModel) else 1
        self.layers = self.model.vision_model.encoder.layers

    def run(self, pixels):
        self.model.vision_model(pixels)

    def norm(self, layer, x):
        return layer.layer_norm1(x)

    def value(self, layer, normed):
        attention = layer.self_attn
        return attention.out_proj(attention.v_proj(normed))

    def attention(self, layer, normed, side):
        """The library's own attention with queries and keys replaced by one projection."""
        attention = copy.deepcopy(layer.self_attn)
        source = copy.deepcopy(getattr(attention, f"{side}_proj"))
        attention.q_proj = attention.k_proj = source
        return attention(normed, attention_mask=None)[0]

    def output_bias(self, layer):
        return layer.self_attn.out_proj.bias

    def mlp(self, layer, x):
        return x + layer.mlp(layer.layer_norm2(x))

    def projected(self, tokens):
        """SigLIP: the library's pooling head on each token as on an image of one patch."""
        normed = self.model.vision_model.post_layernorm(tokens)
        each = self.model.vision_model.head(normed.reshape(-1, 1, normed.shape[-1]))
        return normalised(each.reshape(normed.shape))


class OpenClipBlocks:
    """The same for a tower of open_clip."""

    first_patch = 1

    def __init__(self, folder):
        config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
        state = {k: v.float() for k, v in
                 load_file(str(folder / "open_clip_model.safetensors")).items()}
        custom = any(name.startswith("text.") for name in state)
        kind = open_clip.model.CustomTextCLIP if custom else open_clip.model.CLIP
        self.model = kind(**config).eval()
        self.model.load_state_dict(state)
        self.layers = self.model.visual.transformer.resblocks

    def run(self, pixels):
        self.model.encode_image(pixels)

    def norm(self, layer, x):
        return layer.ln_1(x)

    def value(self, layer, normed):
        attention = layer.attn
        weight, bias = attention.in_proj_weight.chunk(3)[2], attention.in_proj_bias.chunk(3)[2]
        return attention.out_proj(torch.nn.functional.linear(normed, weight, bias))

    def attention(self, layer, normed, side):
        attention = copy.deepcopy(layer.attn)
        part = "qkv".index(side)
        for parameter in (attention.in_proj_weight, attention.in_proj_bias):
            parts = list(parameter.data.chunk(3))
            parameter.data = torch.cat([parts[part], parts[part], parts[2]])
        return attention(normed, normed, normed, need_weights=False)[0]

    def output_bias(self, layer):
        return layer.attn.out_proj.bias

    def mlp(self, layer, x):
        return x + layer.mlp(layer.ln_2(x))


def patch_paths(blocks, pixels):
    """Dense tokens before ln_post, class token left out: MaskCLIP's value path, SCLIP's q-q + k-k
    attention in the last block, TagAlign's v-v stream over the last six. For SigLIP the last ones
    in the joint space besides."""
    entering = []
    hooks = [
        layer.register_forward_pre_hook(lambda _module, args: entering.append(args[0]))
        for layer in blocks.layers
    ]
    with torch.no_grad():
        blocks.run(pixels)
        last, x = blocks.layers[-1], entering[-1]
        normed = blocks.norm(last, x)
        both = blocks.attention(last, normed, "q") + blocks.attention(last, normed, "k")
        first = max(0, len(entering) - 6)
        dense = entering[first]
        for layer, normal in list(zip(blocks.layers, entering))[first:]:
            dense = dense + blocks.attention(layer, blocks.norm(layer, normal), "v")
        out = {
            "value": blocks.value(last, normed),
            # each of the two attentions has added the output's bias
            "self_query_key": blocks.mlp(last, x + both - blocks.output_bias(last)),
            "self_value": dense,
        }
        for hook in hooks:
            hook.remove()
        if blocks.first_patch == 0:
            out["self_value_projected"] = blocks.projected(out["self_value"])
    return {name: tokens[:, blocks.first_patch:].contiguous() for name, tokens in out.items()}


def paths(folder):
    for target in sorted(pathlib.Path(folder).iterdir()):
        is_hugging_face = (target / "config.json").exists()
        blocks = (HuggingFaceBlocks if is_hugging_face else OpenClipBlocks)(target)
        pixels = load_file(str(target / "expected.safetensors"))["pixels"]
        save_file(patch_paths(blocks, pixels), str(target / "paths.safetensors"))


def write(folder, given, out):
    tensors = {k: v.contiguous() for k, v in (given | out).items()}
    save_file(tensors, str(folder / "expected.safetensors"))


def make_hugging_face(folder, name, config, dtype, shards, given):
    is_siglip = isinstance(config, SiglipConfig)
    model = (SiglipModel if is_siglip else CLIPModel)(config).eval()
    randomise(model)
    model = model.to(dtype).float()  # expected values belong to the stored, rounded weights
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        old.unlink()
    kwargs = {"max_shard_size": shards} if shards else {}
    model.to(dtype).save_pretrained(target, **kwargs)
    if is_siglip:
        side = config.vision_config.image_size
        SiglipImageProcessor(size={"height": side, "width": side}).save_pretrained(target)
    write(target, given, hugging_face_outputs(load_hugging_face(target).eval(), given))


def make_open_clip(folder, name, config, given, dtype=torch.float32, custom_text=False):
    kind = open_clip.model.CustomTextCLIP if custom_text else open_clip.model.CLIP
    model = kind(**config).eval()
    randomise(model)
    model = model.to(dtype).float()
    target = folder / name
    target.mkdir(parents=True, exist_ok=True)
    for old in target.iterdir():
        old.unlink()
    state = {k: v.to(dtype).contiguous() for k, v in model.state_dict().items()}
    save_file(state, str(target / "open_clip_model.safetensors"))
    published = {
        "model_cfg": config,
        "preprocess_cfg": {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.25, 0.3]},
    }
    (target / "open_clip_config.json").write_text(json.dumps(published, indent=1) + "\n")
    given.pop("wide_pixels")  # open_clip does not interpolate
    write(target, given, open_clip_outputs(model, given))


def make(folder):
    for number, (name, patch, size, act, layers, dtype, shards, end) in enumerate(HUGGING_FACE):
        torch.manual_seed(100 + number)
        shared = {"hidden_act": act, "num_hidden_layers": layers}
        config = CLIPConfig(
            projection_dim=24,
            vision_config=shared
            | dict(hidden_size=32, intermediate_size=64, num_attention_heads=2, image_size=size,
                   patch_size=patch, projection_dim=24),
            text_config=shared
            | dict(hidden_size=24, intermediate_size=60, num_attention_heads=2,
                   vocab_size=VOCABULARY, max_position_embeddings=CONTEXT, projection_dim=24,
                   bos_token_id=VOCABULARY - 2, eos_token_id=end, pad_token_id=1),
        )
        make_hugging_face(folder, name, config, dtype, shards, inputs(size, patch, end))
    for number, (name, patch, size, quick, layers, dtype, custom) in enumerate(OPEN_CLIP):
        torch.manual_seed(200 + number)
        config = dict(
            embed_dim=24,
            quick_gelu=quick,
            vision_cfg=dict(image_size=size, layers=layers, width=32, head_width=16,
                            patch_size=patch, mlp_ratio=2.0),
            text_cfg=dict(context_length=CONTEXT, vocab_size=VOCABULARY, width=24, heads=2,
                          layers=layers, mlp_ratio=2.0),
        )
        make_open_clip(folder, name, config, inputs(size, patch, 2), dtype, custom)
    for number, (name, patch, size, layers, width, vocabulary, dtype) in enumerate(SIGLIP):
        torch.manual_seed(400 + number)
        shared = dict(num_hidden_layers=layers, num_attention_heads=2, intermediate_size=2 * width)
        config = SiglipConfig(
            vision_config=shared | dict(hidden_size=width, image_size=size, patch_size=patch),
            text_config=shared
            | dict(hidden_size=24, projection_size=width, vocab_size=vocabulary,
                   max_position_embeddings=CONTEXT),
        )
        make_hugging_face(folder, name, config, dtype, None,
                          siglip_inputs(size, patch, vocabulary, CONTEXT))
    paths(folder)


def full(folder):
    """ViT-B/16 with CLIP's whole text tower, and siglip-base-patch16-224."""
    torch.manual_seed(300)
    vision = dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12,
                  num_hidden_layers=12, image_size=224, patch_size=16, projection_dim=512)
    given = inputs(224, 16, 2, vocabulary=49408, context=77)
    make_hugging_face(folder, "hf-full", CLIPConfig(vision_config=vision, projection_dim=512,
                      text_config=dict(eos_token_id=2)), torch.float32, None, given)
    config = dict(
        embed_dim=512, quick_gelu=True,
        vision_cfg=dict(image_size=224, layers=12, width=768, patch_size=16),
        text_cfg=dict(context_length=77, vocab_size=49408, width=512, heads=8, layers=12),
    )
    make_open_clip(folder, "oc-full", config, given)
    make_hugging_face(folder, "siglip-full", SiglipConfig(), torch.float32, None,
                      siglip_inputs(224, 16, 32000, 64))


def check(checkpoint, golden):
    model, report = load_hugging_face(checkpoint, output_loading_info=True)
    strange = [k for k in ("missing_keys", "unexpected_keys", "mismatched_keys") if report.get(k)]
    if strange:
        sys.exit(f"{checkpoint}: {', '.join(f'{k}: {report[k]}' for k in strange)}")
    expected = load_file(str(pathlib.Path(golden) / "expected.safetensors"))
    out = hugging_face_outputs(model.eval(), expected, wide=False)
    for name in ("image", "text"):
        distance = (out[name] - expected[name]).abs().max().item()
        print(f"{name}: largest difference {distance:.2e}")
        if not distance <= 1e-4:
            sys.exit(f"{checkpoint}: {name} embeddings differ by {distance}")


def texts(checkpoint):
    model = CLIPModel.from_pretrained(checkpoint).eval()
    length = model.config.text_config.max_position_embeddings
    given = ["a red apple", "", "many words " * 100]
    for kind in (CLIPTokenizer, AutoTokenizer):
        tokenizer = kind.from_pretrained(checkpoint)
        ids = tokenizer(given, padding="max_length", truncation=True, return_tensors="pt").input_ids
        if tokenizer.model_max_length != length or ids.shape != (len(given), length):
            sys.exit(f"{checkpoint}: texts become {tuple(ids.shape)}, the tower takes {length} tokens")
        with torch.no_grad():
            vectors = model.get_text_features(input_ids=ids)
        vectors = getattr(vectors, "pooler_output", vectors)
        if not torch.isfinite(vectors).all():
            sys.exit(f"{checkpoint}: text features are not finite")


def main():
    torch.set_num_threads(2)
    if len(sys.argv) == 3 and sys.argv[1] == "make":
        make(pathlib.Path(sys.argv[2]))
    elif len(sys.argv) == 3 and sys.argv[1] == "paths":
        paths(pathlib.Path(sys.argv[2]))
    elif len(sys.argv) == 3 and sys.argv[1] == "texts":
        texts(sys.argv[2])
    elif len(sys.argv) == 3 and sys.argv[1] == "full":
        full(pathlib.Path(sys.argv[2]))
    elif len(sys.argv) == 4 and sys.argv[1] == "check":
        check(sys.argv[2], sys.argv[3])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
