"""The README.md of a data set that is a folder: its card for people, and for the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from digitforge.markdown import literal

SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "n>1B")
"""The Hub's size categories: each ends at ten times the number of images of the one before."""
MOST_CLASSES = 100
"""A data set of more classes has no table of them."""


def dataset_readme(card: Mapping[str, Any]) -> str:
    """Return README.md, from the data set's complete card. The front matter is what the Hub reads."""
    count, by_class = int(card["images"]["all"]), card["images"]["by_class"]
    provenance = card["model"]["provenance"]
    task = "image-classification" if by_class else "unconditional-image-generation"
    classes = "".join(
        f"| {literal(name, 60)} | {number:,} |\n" for name, number in list(by_class.items())[:MOST_CLASSES]
    )
    table = f"\n| class | images |\n|---|---|\n{classes}" if classes else ""
    model, dataset = literal(card["model"]["file"], 100), literal(provenance.get("dataset", "unknown images"), 60)
    command = " ".join(card["command"].splitlines())  # a file name with line breaks must not end the code block
    return f"""---
task_categories:
- {task}
tags:
- synthetic
- digitforge
size_categories:
- {SIZES[min(max(len(str(count)) - 3, 0), len(SIZES) - 1)]}
---

# {count:,} generated images

None of these images is real: a generator made them. They were made with

```
{command}
```

and `card.json` records the request, the generator and the versions, with which the same command makes the same bytes.
{table}
The generator is {model}, trained on {dataset}.
Its licence: {literal(provenance.get("licence", "not known"))}.
"""
