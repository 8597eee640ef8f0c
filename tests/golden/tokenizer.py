#!/usr/bin/env python3
"""Writes what the tokenizers of OpenCLIP and SigLIP make of captions and odd texts.

Usage: tokenizer.py SHARED_DATA OUTPUT_FOLDER       (needs open_clip_torch)
       tokenizer.py small OUTPUT_FOLDER             (needs transformers)
       tokenizer.py siglip SHARED_DATA OUTPUT_FOLDER       (needs transformers, sentencepiece, protobuf)
       tokenizer.py siglip-wide SHARED_DATA OUTPUT_FOLDER  (the same)
captions.bin: for each of the first 10,000 captions, the FNV-1a hash of its ids, as 32-bit little endian;
the captions themselves stay where they are. odd.json: [{"text", "ids"}, ..].
siglip/: a SentencePiece vocabulary of 400 pieces trained on captions, as SigLIP's are published, and what
SiglipTokenizer makes of the first 4,000 captions and of odd texts, in files as above.
siglip-wide writes a vocabulary of 4,000 pieces with SentencePiece's whole table of characters, and texts.json with
5,000 captions and 5,000 random texts, as odd.json; not committed.
small/tokenizer.json: a CLIP vocabulary of 60 merges as transformers saves it, alone; small/ids.json: what it
makes of some texts, as odd.json.
"""
import gzip
import json
import random
import struct
import sys
from pathlib import Path

import open_clip

ODD = [
    "", " ", "\t\n\r", "a", "A photo of a CAT.", "don't I'll we've they're he'd I'm it's 's",
    "2024 was 3.14 × 10⁵ ½ Ⅷ ٣", "naïve café déjà vu Ångström", "cafe\u0301 vs café",
    "赤いりんごと木の箱", "ｶﾀｶﾅ ＦＵＬＬ　ＷＩＤＴＨ １２３", "한국어 문장", "العربية نص", "שלום עולם", "Ελληνικά ΟΔΥΣΣΕΥΣ ς",
    "Русский текст", "🍎🍏 a red apple 👩‍👩‍👧‍👦 🇯🇵 👍🏽", "“curly” ‘quotes’ ‛odd‟ „low“ ʼn ʼ", "ﬁne ﬂuﬃeﬆ Ĳssel ŉ Ǆ ǆ",
    "fish &amp; chips &lt;b&gt; &eacute; &EACUTE; &nbsp;x", "&amp;amp;amp; &amp;lt;", "<p>fish &amp; chips</p>",
    "this&not that &copy &ampamp &#65; &#x41 &#x1F34E; &#0; &#128; &#xD800; &#x110000; &#11; &;&#;&#x;",
    "P&NTILDE;A &hellip; &CounterClockwiseContourIntegral; &nosuchentity;", "a\x00b\x07c\x1b[31mred\x1b[0m\x7f\ufeff",
    "c1 \x80 \x85 \x93quoted\x94 \x99", "zero\u200bwidth\u200djoiner\u00adsoft", "line\u2028sep\u2029par\u0085nel",
    "tab\tand\x0bvt\x0cff\x1cfs\u00a0nbsp\u3000ideo", "a  lot   of    blanks", "İstanbul ISTANBUL ıi", "ß ẞ STRASSE",
    "snake_case and-hyphen/and.dots...!!!???", "!'s \"'t' ''s", "<start_of_text> hello <end_of_text>", "<|startoftext|>",
    "C++ C# .NET @user #tag https://example.org/a?b=c&d=e", "100% $5.99 €10 £3 ¥700", "a" * 300, "ab " * 500,
    " ".join(["word"] * 500), "x́̂̃ z̴̢̧", "Ａ＆ａｍｐ；Ｂ", "&amp;\n<b>&amp;\n&amp;", "𝒥ohn 𝔘nicode 𝟘𝟙", "ſ's 'ſ long ſ", "K Kelvin Å",
    "\ufffd\ufffe", "emoji:❤️ ☺ ✔️ ©️", "ﷺ ﷽ ㎏ ㌔", "e\u0301\u0323 q\u0307\u0323", "trailing space ", "'", "''''", "1 2 3 4 5", "١٢٣",
]


# What SigLIP's own marks and blanks do.
ODD_SIGLIP = [
    "</s>", "a dog</s>", "a dog </s> ", "a </s> b", "</s></s>", "<unk> a", "a<unk>b", "<s> <pad>", "\u2581", "a\u2581b",
    "\u2581\u2581 a", "!?", "...a", "a.b,c", "it's", "  two  blanks ", "\u3000wide\u3000", "tab\tline\n", "\ufb01sh",
    "\uff26\uff35\uff2c\uff2c", "ΟΔΟΣ. ΟΔΟΣ", "navyblue navybluenavyblue NAVYBLUE", "\U0001f34e\U0001f34f a", "</S>",
    "x</s>\U0001f34e", "</s>\u3042\u3044", "1,000 $5.99", "`~!@#$%^&*()-_=+[]{}\\|;:'\",<.>/?", "a\x00b", "a\x85b\x1cc",
]
# A small part of what nmt_nfkc does, to keep the file small: full width, ligatures, blanks.
RULES = ([f"{0xFF01 + i:X}\t{0x21 + i:X}" for i in range(94)]
         + ["3000\t20", "A0\t20", "FB01\t66 69", "FB02\t66 6C", "FB03\t66 66 69", "41 30A\tC5", "AD\t"])


def fnv1a(ids):
    value = 0x811C9DC5
    for byte in struct.pack(f"<{len(ids)}I", *ids):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def captions(shared, count=10000):
    found = []
    with gzip.open(shared / "captions_only.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            found.extend(json.loads(line)["captions"])
    return found[:count]


def random_texts(count):
    """Characters from many corners of Unicode, mixed with entities and contractions."""
    random.seed(7)
    ranges = [(0x20, 0x7E)] * 6 + [(0xA0, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x5D0, 0x5EA), (0x620, 0x64A),
              (0x900, 0x939), (0x2010, 0x2050), (0x3041, 0x3096), (0x4E00, 0x4E80), (0xFF01, 0xFFEE),
              (0x1F300, 0x1F5FF), (0xFB00, 0xFB06), (0x300, 0x320), (0x80, 0x9F), (1, 31)]
    pieces = ["&amp;", "&lt", "&#39;", "&quot;", "'s", "'ll", "<", " ", "  ", "&Eacute;", "&#x2019;", "\u2019s"]
    texts = []
    for _ in range(count):
        text = ""
        for _ in range(random.randint(1, 25)):
            if random.random() < 0.2:
                text += random.choice(pieces)
            else:
                low, high = random.choice(ranges)
                text += chr(random.randint(low, high))
        texts.append(text)
    return texts


def small(output):
    from transformers import CLIPTokenizer

    merges = (Path(__file__).resolve().parents[2] / "resources/vocabularies/clip_merges.txt").read_text()
    pairs = [tuple(line.split()) for line in merges.splitlines()[1:61]]
    letters = list(open_clip.tokenizer.bytes_to_unicode().values())
    tokens = letters + [letter + "</w>" for letter in letters] + ["".join(pair) for pair in pairs]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={token: i for i, token in enumerate(tokens)}, merges=pairs)
    output.mkdir(parents=True, exist_ok=True)
    tokenizer.backend_tokenizer.save(str(output / "tokenizer.json"))
    texts = ["The pears lie in the sun.", "3 red apples, 10 €", "NAÏVE café", ""]
    rows = [{"text": text, "ids": tokenizer(text)["input_ids"][1:-1]} for text in texts]
    (output / "ids.json").write_text(json.dumps(rows, indent=0) + "\n")


def train_siglip(folder, texts, **options):
    import sentencepiece
    from transformers import SiglipTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text.lower() for text in texts), model_prefix=str(folder / "spiece"),
        model_type="unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2, num_threads=1, **options)
    (folder / "spiece.vocab").unlink()
    tokenizer = SiglipTokenizer(str(folder / "spiece.model"))
    tokenizer.save_pretrained(folder)
    return tokenizer


def siglip_ids(tokenizer, text):
    return tokenizer(text, padding="max_length", truncation=True, max_length=64)["input_ids"]


def rows_of(tokenizer, texts):
    return [{"text": text, "ids": siglip_ids(tokenizer, text)} for text in texts]


def siglip(shared, output):
    folder = output / "siglip"
    folder.mkdir(parents=True, exist_ok=True)
    rules = folder / "rules.tsv"
    rules.write_text("\n".join(RULES) + "\n")
    tokenizer = train_siglip(folder, captions(shared, 20000), vocab_size=400, normalization_rule_tsv=str(rules),
                             user_defined_symbols=["navyblue"])
    rules.unlink()
    hashes = [fnv1a(siglip_ids(tokenizer, text)) for text in captions(shared, 4000)]
    (folder / "captions.bin").write_bytes(struct.pack(f"<{len(hashes)}I", *hashes))
    rows = rows_of(tokenizer, ODD_SIGLIP + ODD)
    for row in rows:  # the rest is padding
        while row["ids"][-2:] == [1, 1]:
            row["ids"].pop()
    (folder / "odd.json").write_text(json.dumps(rows, ensure_ascii=True, separators=(",", ":")) + "\n")


def siglip_wide(shared, output):
    tokenizer = train_siglip(output, captions(shared, 20000), vocab_size=4000, character_coverage=0.9995)
    rows = rows_of(tokenizer, captions(shared, 5000) + random_texts(5000))
    (output / "texts.json").write_text(json.dumps(rows, ensure_ascii=True) + "\n")


def main():
    if sys.argv[1] in ("siglip", "siglip-wide"):
        (siglip if sys.argv[1] == "siglip" else siglip_wide)(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    if sys.argv[1] == "small":
        small(Path(sys.argv[2]) / "small")
        return
    shared, output = Path(sys.argv[1]), Path(sys.argv[2])
    tokenizer = open_clip.SimpleTokenizer()
    output.mkdir(parents=True, exist_ok=True)
    hashes = [fnv1a(tokenizer.encode(text)) for text in captions(shared)]
    (output / "captions.bin").write_bytes(struct.pack(f"<{len(hashes)}I", *hashes))
    rows = [{"text": text, "ids": tokenizer.encode(text)} for text in ODD]
    (output / "odd.json").write_text(json.dumps(rows, ensure_ascii=True, indent=0) + "\n")
    if len(sys.argv) > 3:  # a wider comparison, for a run by hand; not committed
        rows = [{"text": text, "ids": tokenizer.encode(text)} for text in random_texts(int(sys.argv[3]))]
        (output / "random.json").write_text(json.dumps(rows, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
