"""The licence of a published generator, as the Hugging Face Hub names it."""

from __future__ import annotations

from digitforge.errors import ExportError, nearest
from export.contract import GeneratorInfo

LICENCES = (
    "apache-2.0", "mit", "openrail", "creativeml-openrail-m", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd",
    "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "c-uda", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5",
    "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0",
    "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
    "cdla-sharing-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "ecl-2.0", "epl-1.0", "epl-2.0", "etalab-2.0",
    "eupl-1.1", "eupl-1.2", "agpl-3.0", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "isc",
    "lppl-1.3c", "ms-pl", "mpl-2.0", "odc-by", "odbl", "openrail++", "osl-3.0", "postgresql", "ofl-1.1", "ncsa",
    "unlicense", "zlib", "pddl", "wtfpl", "unknown", "other",
)  # fmt: skip
"""The identifiers that the Hub accepts in a card."""
WEIGHTS_ARE_MIT = "weights: MIT"


def licence_of(info: GeneratorInfo, given: str | None) -> str:
    """Return the identifier of the licence of the weights.

    given: what the user says; None for what the file says. Raises ExportError for an unknown identifier, and if the
    generator was trained on the user's own pictures, whose licence no file knows.
    """
    if given is not None:
        if given not in LICENCES:
            raise ExportError(f"--license is {given!r}, which the Hub does not know: {nearest(given, LICENCES)}")
        return given
    if info.provenance.get("licence", "").startswith(WEIGHTS_ARE_MIT):
        return "mit"
    raise ExportError(
        f"The generator was trained on {info.provenance.get('dataset') or 'pictures of its own'}, whose licence is not "
        "known: name the licence of the weights with --license, for example --license cc-by-4.0."
    )
