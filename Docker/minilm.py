#!/usr/bin/env python3
"""Writes all-MiniLM-L6-v2 as a GGUF file: minilm.py MODEL_FOLDER OUTPUT

MODEL_FOLDER holds model.safetensors, config.json and vocab.txt as the model's authors publish them. llama.cpp's own
converter needs PyTorch for this; the two formats are simple enough to need nothing but Python. Matrices become 16-bit
floating-point numbers, everything else stays at 32 bits. The same input gives the same bytes.
"""
import array
import json
import pathlib
import struct
import sys

ALIGNMENT = 32
UINT32, FLOAT32, BOOL, STRING, ARRAY = 4, 6, 7, 8, 9
F32, F16 = 0, 1
NORMAL, CONTROL = 1, 3

GLOBAL_NAMES = {
    "embeddings.word_embeddings.weight": "token_embd.weight",
    "embeddings.token_type_embeddings.weight": "token_types.weight",
    "embeddings.position_embeddings.weight": "position_embd.weight",
    "embeddings.LayerNorm": "token_embd_norm",
}
LAYER_NAMES = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
# llama.cpp adds these to what it has computed, at 32 bits.
ADDED = ("token_types.weight", "position_embd.weight")


def gguf_name(name):
    """The name of a tensor in the file, or None for what embeddings need not."""
    if name in GLOBAL_NAMES:
        return GLOBAL_NAMES[name]
    stem, _, kind = name.rpartition(".")
    if stem in GLOBAL_NAMES:
        return f"{GLOBAL_NAMES[stem]}.{kind}"
    parts = stem.split(".", 3)
    if parts[:2] == ["encoder", "layer"]:
        return f"blk.{parts[2]}.{LAYER_NAMES[parts[3]]}.{kind}"
    return None


def read_tensors(path):
    """Yields name, shape and 32-bit numbers of every tensor that is needed, in the order of their names."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    for name in sorted(header):
        target = gguf_name(name)
        if target is None:
            continue
        entry = header[name]
        if entry["dtype"] != "F32":
            sys.exit(f"{path}: {name} has numbers of the kind {entry['dtype']}, not F32")
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        numbers = array.array("f")
        numbers.frombytes(content[begin:end])
        if sys.byteorder == "big":
            numbers.byteswap()
        yield target, entry["shape"], numbers


def packed(text):
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def field(key, kind, value):
    """A key of the header with its value."""
    if kind == STRING:
        body = packed(value)
    elif kind == ARRAY:
        element, values = value
        items = [packed(item) for item in values] if element == STRING else [struct.pack("<i", item) for item in values]
        body = struct.pack("<IQ", element, len(values)) + b"".join(items)
    else:
        body = struct.pack({UINT32: "<I", FLOAT32: "<f", BOOL: "<?"}[kind], value)
    return packed(key) + struct.pack("<I", kind) + body


def tokens_of(vocabulary):
    """Tokens as llama.cpp spells them: the beginning of a word is marked, its continuation is not."""
    texts, kinds = [], []
    for token in vocabulary:
        if token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"):
            texts.append(token)
            kinds.append(CONTROL)
        else:
            texts.append(token[2:] if token.startswith("##") else "\u2581" + token)
            kinds.append(NORMAL)
    return texts, kinds


def main(folder, output):
    config = json.loads((folder / "config.json").read_text())
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    vocabulary = vocabulary[: config["vocab_size"]]
    texts, kinds = tokens_of(vocabulary)
    ids = {name: vocabulary.index(f"[{name}]") for name in ("PAD", "UNK", "CLS", "SEP", "MASK")}
    fields = [
        field("general.architecture", STRING, "bert"),
        field("general.name", STRING, "all-MiniLM-L6-v2"),
        field("general.license", STRING, "apache-2.0"),
        field("general.file_type", UINT32, F16),
        field("bert.vocab_size", UINT32, config["vocab_size"]),
        field("bert.context_length", UINT32, config["max_position_embeddings"]),
        field("bert.embedding_length", UINT32, config["hidden_size"]),
        field("bert.feed_forward_length", UINT32, config["intermediate_size"]),
        field("bert.block_count", UINT32, config["num_hidden_layers"]),
        field("bert.attention.head_count", UINT32, config["num_attention_heads"]),
        field("bert.attention.layer_norm_epsilon", FLOAT32, config["layer_norm_eps"]),
        field("bert.attention.causal", BOOL, False),
        field("bert.pooling_type", UINT32, 1),  # the mean of all tokens
        field("tokenizer.ggml.model", STRING, "bert"),
        field("tokenizer.ggml.tokens", ARRAY, (STRING, texts)),
        field("tokenizer.ggml.token_type", ARRAY, (5, kinds)),
        field("tokenizer.ggml.token_type_count", UINT32, config["type_vocab_size"]),
        field("tokenizer.ggml.bos_token_id", UINT32, ids["CLS"]),
        field("tokenizer.ggml.eos_token_id", UINT32, ids["SEP"]),
        field("tokenizer.ggml.unknown_token_id", UINT32, ids["UNK"]),
        field("tokenizer.ggml.seperator_token_id", UINT32, ids["SEP"]),  # spelled so in the format
        field("tokenizer.ggml.padding_token_id", UINT32, ids["PAD"]),
        field("tokenizer.ggml.cls_token_id", UINT32, ids["CLS"]),
        field("tokenizer.ggml.mask_token_id", UINT32, ids["MASK"]),
    ]
    table, data, count = b"", bytearray(), 0
    for name, shape, numbers in read_tensors(folder / "model.safetensors"):
        kind = F16 if len(shape) > 1 and name not in ADDED else F32
        # The last dimension comes first there.
        table += packed(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *reversed(shape))
        table += struct.pack("<IQ", kind, len(data))
        data += struct.pack(f"<{len(numbers)}{'e' if kind == F16 else 'f'}", *numbers)
        data += bytes(-len(data) % ALIGNMENT)
        count += 1
    expected = 5 + 16 * config["num_hidden_layers"]
    if count != expected:
        sys.exit(f"{folder}: {count} of {expected} tensors found")
    head = b"GGUF" + struct.pack("<IQQ", 3, count, len(fields)) + b"".join(fields) + table
    output.write_bytes(head + bytes(-len(head) % ALIGNMENT) + data)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
