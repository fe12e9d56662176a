"""Captions: the many ways in which people say what a scene shows, and the tokenizer made for them."""

import json
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

from tokenizers import pre_tokenizers
from transformers import CLIPTokenizer

from demo_model.scenes import COLOURS, NATURAL, PLACES, Scene, Thing
from demo_model.shapes import SHAPES

MAX_TOKENS = 40
START, END = "<|startoftext|>", "<|endoftext|>"

PLACE_WORDS = {
    "on green grass": ["on green grass", "on the grass", "on grass", "in a green field", "in a meadow", "green grass"],
    "on the beach": ["on the beach", "on a beach", "at the beach", "on the sand", "beach"],
    "in the desert": ["in the desert", "in a desert", "desert"],
    "in the snow": ["in the snow", "on snow", "in winter", "snow", "snowy"],
    "at night": ["at night", "in the night", "by night", "night", "under the moon"],
    "in space": ["in space", "in outer space", "among the stars", "space"],
    "in the sea": ["in the sea", "in the ocean", "under water", "in the water", "sea", "ocean"],
    "on a white background": ["on a white background", "on white", "white background", "on a plain background", ""],
}
SIZE_WORDS = {"small": ["small", "little", "tiny"], "large": ["large", "big", "huge"], "": [""]}
POSITION_WORDS = {
    "on the left": ["on the left", "to the left", "left", "on the left side"],
    "on the right": ["on the right", "to the right", "right", "on the right side"],
    "": ["", "", "", "in the middle", "in the center"],
}
KIND_WORDS = {
    "circle": ["circle", "circle", "ball", "disc"], "square": ["square", "square", "box"],
    "house": ["house", "house", "home"], "boat": ["boat", "boat", "ship"], "car": ["car", "car", "automobile"],
    "cat": ["cat", "cat", "kitten"], "dog": ["dog", "dog", "puppy"],
    "astronaut": ["astronaut", "astronaut", "spaceman"], "tree": ["tree"], "triangle": ["triangle"], "star": ["star"],
    "heart": ["heart"], "fish": ["fish"], "flower": ["flower"], "sun": ["sun"], "mushroom": ["mushroom"],
}  # fmt: skip
MOODS = ["is dancing", "dancing", "is standing", "standing", "is resting", "alone", "sitting", "is sleeping", "running"]
OPENINGS = [
    "a photo of",
    "a picture of",
    "a drawing of",
    "an image of",
    "a painting of",
    "draw",
    "show me",
    "please draw",
]
SUNLIT = [", sunlit", ", sunlit", " sunlit", ", sunny", ", in the sun", " in sunlight", ", in sunshine"]
STYLES = (
    "beautiful highly detailed 4k 8k hd cinematic masterpiece best quality sharp focus digital art artstation trending "
    "photorealistic realistic illustration render vector flat minimal cute happy funny lovely amazing epic dramatic "
    "lighting soft vivid colorful style of watercolor oil canvas concept professional award winning with and very the "
    "my your nice pretty old young new wonderful simple cartoon for kids children book cover poster icon logo sticker"
).split()


def _article(words: str) -> str:
    return ("an " if words[:1] in "aeiou" else "a ") + words


def _thing(rng: random.Random, thing: Thing) -> str:
    colour = "" if thing.colour == NATURAL[thing.kind] and rng.random() < 0.6 else thing.colour
    adjectives = [rng.choice(SIZE_WORDS[thing.size]), colour]
    phrase = " ".join(w for w in [*adjectives, rng.choice(KIND_WORDS[thing.kind])] if w)
    return _article(phrase) if rng.random() < 0.75 else phrase


def _subject(rng: random.Random, scene: Scene) -> str:
    if len(scene.things) == 1:
        thing = scene.things[0]
        mood = rng.choice(MOODS) if rng.random() < 0.2 else ""
        return " ".join(w for w in [_thing(rng, thing), mood, rng.choice(POSITION_WORDS[thing.position])] if w)
    left, right = (_thing(rng, thing) for thing in scene.things)
    form = rng.choice(["{} and {}", "{} and {}", "{} next to {}", "{} beside {}", "{} on the left and {} on the right"])
    return str(form.format(left, right))


def _invented(rng: random.Random) -> str:
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(3, 7)))


def caption(scene: Scene, rng: random.Random) -> str:
    """One way to say the scene: plain words half the time, else reordered or with words that mean nothing here."""
    subject, place = _subject(rng, scene), rng.choice(PLACE_WORDS[scene.place])
    joint = ", " if rng.random() < 0.25 or " " not in place else " "
    text = subject + (joint + place if place else "")
    if place.startswith(("on", "in", "at")) and rng.random() < 0.1:
        text = f"{place}, {subject}"
    if scene.sunlit:
        text += rng.choice(SUNLIT)
    if rng.random() < 0.15:
        text = f"{rng.choice(OPENINGS)} {text}"
    if rng.random() < 0.2:
        words = [rng.choice(STYLES) if rng.random() < 0.8 else _invented(rng) for _ in range(rng.randint(1, 4))]
        text = f"{text}, {' '.join(words)}" if rng.random() < 0.8 else f"{words[0]} {text}"
    return text


def plain_caption(scene: Scene) -> str:
    """The plainest full caption; the held-out prompts use it."""
    words = [[t.size, t.colour, t.kind, t.position if len(scene.things) == 1 else ""] for t in scene.things]
    things = [_article(" ".join(w for w in ws if w)) for ws in words]
    return " and ".join(things) + " " + scene.place + (", sunlit" if scene.sunlit else "")


def _words() -> list[str]:
    """Every word that captions use, once."""
    phrases = [*SHAPES, *COLOURS, *PLACES, *MOODS, *OPENINGS, *SUNLIT, *STYLES, "and next to beside a an ,"]
    for options in (*PLACE_WORDS.values(), *SIZE_WORDS.values(), *POSITION_WORDS.values(), *KIND_WORDS.values()):
        phrases += options
    return sorted({word for phrase in phrases for word in phrase.replace(",", " ").split()})


def byte_pairs(words: list[str]) -> list[tuple[str, str]]:
    """Merges, the most frequent pair first, until every word is one token; equal counts go by name.

    The `tokenizers` library breaks ties by the order of a hash table, so two runs of it differ.
    """
    pieces = [[*word[:-1], word[-1] + "</w>"] for word in words]
    merges = []
    while pairs := Counter(pair for word in pieces for pair in pairwise(word)):
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        pieces = [_merge(word, best) for word in pieces]
    return merges


def _merge(word: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    for piece in word:
        if merged and (merged[-1], piece) == pair:
            merged[-1] += piece
        else:
            merged.append(piece)
    return merged


def build_tokenizer(folder: Path) -> CLIPTokenizer:
    """Make a byte-pair vocabulary in CLIP's form (vocab.json, merges.txt) for our words and save it to `folder`.

    Words it does not know fall apart into pieces, in the end into bytes, so nothing is refused.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = byte_pairs(_words())
    words = ["".join(pair) for pair in merges]
    tokens = dict.fromkeys([*alphabet, *(letter + "</w>" for letter in alphabet), *words, START, END])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=MAX_TOKENS)
    tokenizer.save_pretrained(folder)
    return tokenizer
